from opendxa_pubsub._gen.opendxa.pubsub.v1 import event_pb2 as _event_pb2
from opendxa_pubsub._gen.opendxa.pubsub.v1 import options_pb2 as _options_pb2
from opendxa_pubsub._gen.opendxa.pubsub.v1 import poet_events_pb2 as _poet_events_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FeedbackPolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FEEDBACK_POLICY_UNSPECIFIED: _ClassVar[FeedbackPolicy]
    FEEDBACK_POLICY_FIRST: _ClassVar[FeedbackPolicy]
    FEEDBACK_POLICY_ALL: _ClassVar[FeedbackPolicy]
    FEEDBACK_POLICY_N_OF_M: _ClassVar[FeedbackPolicy]

class ExecutionState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EXECUTION_STATE_UNSPECIFIED: _ClassVar[ExecutionState]
    EXECUTION_STATE_OPEN: _ClassVar[ExecutionState]
    EXECUTION_STATE_SATISFIED: _ClassVar[ExecutionState]
    EXECUTION_STATE_EXPIRED: _ClassVar[ExecutionState]

class WaitOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WAIT_OUTCOME_UNSPECIFIED: _ClassVar[WaitOutcome]
    WAIT_OUTCOME_FEEDBACK: _ClassVar[WaitOutcome]
    WAIT_OUTCOME_EXPIRED: _ClassVar[WaitOutcome]
    WAIT_OUTCOME_CANCELLED: _ClassVar[WaitOutcome]
FEEDBACK_POLICY_UNSPECIFIED: FeedbackPolicy
FEEDBACK_POLICY_FIRST: FeedbackPolicy
FEEDBACK_POLICY_ALL: FeedbackPolicy
FEEDBACK_POLICY_N_OF_M: FeedbackPolicy
EXECUTION_STATE_UNSPECIFIED: ExecutionState
EXECUTION_STATE_OPEN: ExecutionState
EXECUTION_STATE_SATISFIED: ExecutionState
EXECUTION_STATE_EXPIRED: ExecutionState
WAIT_OUTCOME_UNSPECIFIED: WaitOutcome
WAIT_OUTCOME_FEEDBACK: WaitOutcome
WAIT_OUTCOME_EXPIRED: WaitOutcome
WAIT_OUTCOME_CANCELLED: WaitOutcome

class Execution(_message.Message):
    __slots__ = ("execution_id", "function_name", "version", "correlation_id", "correlation_keys", "deadline_unix_ms", "policy", "feedback_count", "state", "register_time_unix_ms", "feedback_received")
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_KEYS_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    FEEDBACK_COUNT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REGISTER_TIME_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    FEEDBACK_RECEIVED_FIELD_NUMBER: _ClassVar[int]
    execution_id: str
    function_name: str
    version: str
    correlation_id: str
    correlation_keys: _containers.RepeatedScalarFieldContainer[str]
    deadline_unix_ms: int
    policy: FeedbackPolicy
    feedback_count: int
    state: ExecutionState
    register_time_unix_ms: int
    feedback_received: int
    def __init__(self, execution_id: _Optional[str] = ..., function_name: _Optional[str] = ..., version: _Optional[str] = ..., correlation_id: _Optional[str] = ..., correlation_keys: _Optional[_Iterable[str]] = ..., deadline_unix_ms: _Optional[int] = ..., policy: _Optional[_Union[FeedbackPolicy, str]] = ..., feedback_count: _Optional[int] = ..., state: _Optional[_Union[ExecutionState, str]] = ..., register_time_unix_ms: _Optional[int] = ..., feedback_received: _Optional[int] = ...) -> None: ...

class RegisterExecutionRequest(_message.Message):
    __slots__ = ("namespace", "execution")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    execution: Execution
    def __init__(self, namespace: _Optional[str] = ..., execution: _Optional[_Union[Execution, _Mapping]] = ...) -> None: ...

class RegisterExecutionResponse(_message.Message):
    __slots__ = ("execution", "existed", "matched_pending")
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    EXISTED_FIELD_NUMBER: _ClassVar[int]
    MATCHED_PENDING_FIELD_NUMBER: _ClassVar[int]
    execution: Execution
    existed: bool
    matched_pending: int
    def __init__(self, execution: _Optional[_Union[Execution, _Mapping]] = ..., existed: bool = ..., matched_pending: _Optional[int] = ...) -> None: ...

class GetExecutionRequest(_message.Message):
    __slots__ = ("namespace", "execution_id")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    execution_id: str
    def __init__(self, namespace: _Optional[str] = ..., execution_id: _Optional[str] = ...) -> None: ...

class GetExecutionResponse(_message.Message):
    __slots__ = ("execution",)
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    execution: Execution
    def __init__(self, execution: _Optional[_Union[Execution, _Mapping]] = ...) -> None: ...

class ListExecutionsRequest(_message.Message):
    __slots__ = ("namespace", "function_name", "state", "page_size", "page_token")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    function_name: str
    state: ExecutionState
    page_size: int
    page_token: str
    def __init__(self, namespace: _Optional[str] = ..., function_name: _Optional[str] = ..., state: _Optional[_Union[ExecutionState, str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListExecutionsResponse(_message.Message):
    __slots__ = ("executions", "next_page_token")
    EXECUTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    executions: _containers.RepeatedCompositeFieldContainer[Execution]
    next_page_token: str
    def __init__(self, executions: _Optional[_Iterable[_Union[Execution, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class SubmitFeedbackRequest(_message.Message):
    __slots__ = ("namespace", "correlation_keys", "feedback", "id", "source", "original_type")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_KEYS_FIELD_NUMBER: _ClassVar[int]
    FEEDBACK_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_TYPE_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    correlation_keys: _containers.RepeatedScalarFieldContainer[str]
    feedback: _poet_events_pb2.FeedbackEvent
    id: str
    source: str
    original_type: str
    def __init__(self, namespace: _Optional[str] = ..., correlation_keys: _Optional[_Iterable[str]] = ..., feedback: _Optional[_Union[_poet_events_pb2.FeedbackEvent, _Mapping]] = ..., id: _Optional[str] = ..., source: _Optional[str] = ..., original_type: _Optional[str] = ...) -> None: ...

class FeedbackMatch(_message.Message):
    __slots__ = ("execution_id", "function_name", "correlation_key", "because")
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_KEY_FIELD_NUMBER: _ClassVar[int]
    BECAUSE_FIELD_NUMBER: _ClassVar[int]
    execution_id: str
    function_name: str
    correlation_key: str
    because: str
    def __init__(self, execution_id: _Optional[str] = ..., function_name: _Optional[str] = ..., correlation_key: _Optional[str] = ..., because: _Optional[str] = ...) -> None: ...

class SubmitFeedbackResponse(_message.Message):
    __slots__ = ("matches", "pending", "duplicate")
    MATCHES_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    matches: _containers.RepeatedCompositeFieldContainer[FeedbackMatch]
    pending: bool
    duplicate: bool
    def __init__(self, matches: _Optional[_Iterable[_Union[FeedbackMatch, _Mapping]]] = ..., pending: bool = ..., duplicate: bool = ...) -> None: ...

class AwaitFeedbackRequest(_message.Message):
    __slots__ = ("namespace", "execution_id", "wait_id", "deadline_unix_ms", "policy", "feedback_count")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    WAIT_ID_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    FEEDBACK_COUNT_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    execution_id: str
    wait_id: str
    deadline_unix_ms: int
    policy: FeedbackPolicy
    feedback_count: int
    def __init__(self, namespace: _Optional[str] = ..., execution_id: _Optional[str] = ..., wait_id: _Optional[str] = ..., deadline_unix_ms: _Optional[int] = ..., policy: _Optional[_Union[FeedbackPolicy, str]] = ..., feedback_count: _Optional[int] = ...) -> None: ...

class Wait(_message.Message):
    __slots__ = ("wait_id", "execution_id", "deadline_unix_ms", "policy", "feedback_count", "outcome", "register_time_unix_ms", "end_time_unix_ms")
    WAIT_ID_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    FEEDBACK_COUNT_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REGISTER_TIME_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    END_TIME_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    wait_id: str
    execution_id: str
    deadline_unix_ms: int
    policy: FeedbackPolicy
    feedback_count: int
    outcome: WaitOutcome
    register_time_unix_ms: int
    end_time_unix_ms: int
    def __init__(self, wait_id: _Optional[str] = ..., execution_id: _Optional[str] = ..., deadline_unix_ms: _Optional[int] = ..., policy: _Optional[_Union[FeedbackPolicy, str]] = ..., feedback_count: _Optional[int] = ..., outcome: _Optional[_Union[WaitOutcome, str]] = ..., register_time_unix_ms: _Optional[int] = ..., end_time_unix_ms: _Optional[int] = ...) -> None: ...

class AwaitFeedbackResponse(_message.Message):
    __slots__ = ("wait", "feedback")
    WAIT_FIELD_NUMBER: _ClassVar[int]
    FEEDBACK_FIELD_NUMBER: _ClassVar[int]
    wait: Wait
    feedback: _containers.RepeatedCompositeFieldContainer[_event_pb2.Event]
    def __init__(self, wait: _Optional[_Union[Wait, _Mapping]] = ..., feedback: _Optional[_Iterable[_Union[_event_pb2.Event, _Mapping]]] = ...) -> None: ...

class GetWaitRequest(_message.Message):
    __slots__ = ("namespace", "wait_id")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    WAIT_ID_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    wait_id: str
    def __init__(self, namespace: _Optional[str] = ..., wait_id: _Optional[str] = ...) -> None: ...

class GetWaitResponse(_message.Message):
    __slots__ = ("wait",)
    WAIT_FIELD_NUMBER: _ClassVar[int]
    wait: Wait
    def __init__(self, wait: _Optional[_Union[Wait, _Mapping]] = ...) -> None: ...

class CancelWaitRequest(_message.Message):
    __slots__ = ("namespace", "wait_id")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    WAIT_ID_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    wait_id: str
    def __init__(self, namespace: _Optional[str] = ..., wait_id: _Optional[str] = ...) -> None: ...

class CancelWaitResponse(_message.Message):
    __slots__ = ("wait",)
    WAIT_FIELD_NUMBER: _ClassVar[int]
    wait: Wait
    def __init__(self, wait: _Optional[_Union[Wait, _Mapping]] = ...) -> None: ...

class PendingFeedback(_message.Message):
    __slots__ = ("id", "source", "correlation_keys", "receive_time_unix_ms", "orphan")
    ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_KEYS_FIELD_NUMBER: _ClassVar[int]
    RECEIVE_TIME_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    ORPHAN_FIELD_NUMBER: _ClassVar[int]
    id: str
    source: str
    correlation_keys: _containers.RepeatedScalarFieldContainer[str]
    receive_time_unix_ms: int
    orphan: bool
    def __init__(self, id: _Optional[str] = ..., source: _Optional[str] = ..., correlation_keys: _Optional[_Iterable[str]] = ..., receive_time_unix_ms: _Optional[int] = ..., orphan: bool = ...) -> None: ...

class ListPendingFeedbackRequest(_message.Message):
    __slots__ = ("namespace", "orphans", "page_size", "page_token")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    ORPHANS_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    orphans: bool
    page_size: int
    page_token: str
    def __init__(self, namespace: _Optional[str] = ..., orphans: bool = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListPendingFeedbackResponse(_message.Message):
    __slots__ = ("feedback", "next_page_token")
    FEEDBACK_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    feedback: _containers.RepeatedCompositeFieldContainer[PendingFeedback]
    next_page_token: str
    def __init__(self, feedback: _Optional[_Iterable[_Union[PendingFeedback, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RematchFeedbackRequest(_message.Message):
    __slots__ = ("namespace", "source", "id", "execution_id")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    source: str
    id: str
    execution_id: str
    def __init__(self, namespace: _Optional[str] = ..., source: _Optional[str] = ..., id: _Optional[str] = ..., execution_id: _Optional[str] = ...) -> None: ...

class RematchFeedbackResponse(_message.Message):
    __slots__ = ("match",)
    MATCH_FIELD_NUMBER: _ClassVar[int]
    match: FeedbackMatch
    def __init__(self, match: _Optional[_Union[FeedbackMatch, _Mapping]] = ...) -> None: ...

class GetFeedbackStatisticsRequest(_message.Message):
    __slots__ = ("namespace", "function_name")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    function_name: str
    def __init__(self, namespace: _Optional[str] = ..., function_name: _Optional[str] = ...) -> None: ...

class FeedbackStatistics(_message.Message):
    __slots__ = ("function_name", "source", "executions", "matched", "overdue", "time_to_feedback_p50_ms", "time_to_feedback_p99_ms")
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    EXECUTIONS_FIELD_NUMBER: _ClassVar[int]
    MATCHED_FIELD_NUMBER: _ClassVar[int]
    OVERDUE_FIELD_NUMBER: _ClassVar[int]
    TIME_TO_FEEDBACK_P50_MS_FIELD_NUMBER: _ClassVar[int]
    TIME_TO_FEEDBACK_P99_MS_FIELD_NUMBER: _ClassVar[int]
    function_name: str
    source: str
    executions: int
    matched: int
    overdue: int
    time_to_feedback_p50_ms: int
    time_to_feedback_p99_ms: int
    def __init__(self, function_name: _Optional[str] = ..., source: _Optional[str] = ..., executions: _Optional[int] = ..., matched: _Optional[int] = ..., overdue: _Optional[int] = ..., time_to_feedback_p50_ms: _Optional[int] = ..., time_to_feedback_p99_ms: _Optional[int] = ...) -> None: ...

class GetFeedbackStatisticsResponse(_message.Message):
    __slots__ = ("statistics", "pending", "orphans")
    STATISTICS_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    ORPHANS_FIELD_NUMBER: _ClassVar[int]
    statistics: _containers.RepeatedCompositeFieldContainer[FeedbackStatistics]
    pending: int
    orphans: int
    def __init__(self, statistics: _Optional[_Iterable[_Union[FeedbackStatistics, _Mapping]]] = ..., pending: _Optional[int] = ..., orphans: _Optional[int] = ...) -> None: ...
