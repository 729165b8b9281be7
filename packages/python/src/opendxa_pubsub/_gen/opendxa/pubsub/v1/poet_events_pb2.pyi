from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FeedbackEvent(_message.Message):
    __slots__ = ("function_id", "execution_id", "timestamp", "feedback_type", "metrics", "context", "suggestions", "rating", "comments", "version", "source", "supersedes", "retracted")
    class MetricsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    class ContextEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    FUNCTION_ID_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    FEEDBACK_TYPE_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    SUGGESTIONS_FIELD_NUMBER: _ClassVar[int]
    RATING_FIELD_NUMBER: _ClassVar[int]
    COMMENTS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SUPERSEDES_FIELD_NUMBER: _ClassVar[int]
    RETRACTED_FIELD_NUMBER: _ClassVar[int]
    function_id: str
    execution_id: str
    timestamp: str
    feedback_type: str
    metrics: _containers.ScalarMap[str, float]
    context: _containers.MessageMap[str, _struct_pb2.Value]
    suggestions: _containers.RepeatedScalarFieldContainer[str]
    rating: float
    comments: str
    version: str
    source: str
    supersedes: str
    retracted: bool
    def __init__(self, function_id: _Optional[str] = ..., execution_id: _Optional[str] = ..., timestamp: _Optional[str] = ..., feedback_type: _Optional[str] = ..., metrics: _Optional[_Mapping[str, float]] = ..., context: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., suggestions: _Optional[_Iterable[str]] = ..., rating: _Optional[float] = ..., comments: _Optional[str] = ..., version: _Optional[str] = ..., source: _Optional[str] = ..., supersedes: _Optional[str] = ..., retracted: bool = ...) -> None: ...

class LearningEvent(_message.Message):
    __slots__ = ("function_id", "version", "timestamp", "learning_type", "changes", "metrics")
    class ChangesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    class MetricsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    FUNCTION_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    LEARNING_TYPE_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    function_id: str
    version: str
    timestamp: str
    learning_type: str
    changes: _containers.MessageMap[str, _struct_pb2.Value]
    metrics: _containers.ScalarMap[str, float]
    def __init__(self, function_id: _Optional[str] = ..., version: _Optional[str] = ..., timestamp: _Optional[str] = ..., learning_type: _Optional[str] = ..., changes: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., metrics: _Optional[_Mapping[str, float]] = ...) -> None: ...

class ResourceUsage(_message.Message):
    __slots__ = ("memory_mb", "cpu_percent")
    MEMORY_MB_FIELD_NUMBER: _ClassVar[int]
    CPU_PERCENT_FIELD_NUMBER: _ClassVar[int]
    memory_mb: float
    cpu_percent: float
    def __init__(self, memory_mb: _Optional[float] = ..., cpu_percent: _Optional[float] = ...) -> None: ...

class ExecutionMetrics(_message.Message):
    __slots__ = ("duration_ms", "memory_mb", "cpu_percent")
    DURATION_MS_FIELD_NUMBER: _ClassVar[int]
    MEMORY_MB_FIELD_NUMBER: _ClassVar[int]
    CPU_PERCENT_FIELD_NUMBER: _ClassVar[int]
    duration_ms: float
    memory_mb: float
    cpu_percent: float
    def __init__(self, duration_ms: _Optional[float] = ..., memory_mb: _Optional[float] = ..., cpu_percent: _Optional[float] = ...) -> None: ...

class ExecutionError(_message.Message):
    __slots__ = ("type", "message", "stack_trace")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    STACK_TRACE_FIELD_NUMBER: _ClassVar[int]
    type: str
    message: str
    stack_trace: str
    def __init__(self, type: _Optional[str] = ..., message: _Optional[str] = ..., stack_trace: _Optional[str] = ...) -> None: ...

class FunctionExecution(_message.Message):
    __slots__ = ("function_name", "version", "execution_id", "start_time", "end_time", "status", "metrics", "error")
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    function_name: str
    version: str
    execution_id: str
    start_time: str
    end_time: str
    status: str
    metrics: ExecutionMetrics
    error: ExecutionError
    def __init__(self, function_name: _Optional[str] = ..., version: _Optional[str] = ..., execution_id: _Optional[str] = ..., start_time: _Optional[str] = ..., end_time: _Optional[str] = ..., status: _Optional[str] = ..., metrics: _Optional[_Union[ExecutionMetrics, _Mapping]] = ..., error: _Optional[_Union[ExecutionError, _Mapping]] = ...) -> None: ...

class FunctionFeedbackMetrics(_message.Message):
    __slots__ = ("success_rate", "avg_duration", "error_rate")
    SUCCESS_RATE_FIELD_NUMBER: _ClassVar[int]
    AVG_DURATION_FIELD_NUMBER: _ClassVar[int]
    ERROR_RATE_FIELD_NUMBER: _ClassVar[int]
    success_rate: float
    avg_duration: float
    error_rate: float
    def __init__(self, success_rate: _Optional[float] = ..., avg_duration: _Optional[float] = ..., error_rate: _Optional[float] = ...) -> None: ...

class FunctionFeedback(_message.Message):
    __slots__ = ("function_name", "version", "execution_id", "feedback_type", "rating", "comments", "metrics", "suggestions")
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    FEEDBACK_TYPE_FIELD_NUMBER: _ClassVar[int]
    RATING_FIELD_NUMBER: _ClassVar[int]
    COMMENTS_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    SUGGESTIONS_FIELD_NUMBER: _ClassVar[int]
    function_name: str
    version: str
    execution_id: str
    feedback_type: str
    rating: float
    comments: str
    metrics: FunctionFeedbackMetrics
    suggestions: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, function_name: _Optional[str] = ..., version: _Optional[str] = ..., execution_id: _Optional[str] = ..., feedback_type: _Optional[str] = ..., rating: _Optional[float] = ..., comments: _Optional[str] = ..., metrics: _Optional[_Union[FunctionFeedbackMetrics, _Mapping]] = ..., suggestions: _Optional[_Iterable[str]] = ...) -> None: ...

class FunctionChange(_message.Message):
    __slots__ = ("type", "description")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    type: str
    description: str
    def __init__(self, type: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...

class FunctionUpdate(_message.Message):
    __slots__ = ("function_name", "old_version", "new_version", "reason", "changes")
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    OLD_VERSION_FIELD_NUMBER: _ClassVar[int]
    NEW_VERSION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    function_name: str
    old_version: str
    new_version: str
    reason: str
    changes: _containers.RepeatedCompositeFieldContainer[FunctionChange]
    def __init__(self, function_name: _Optional[str] = ..., old_version: _Optional[str] = ..., new_version: _Optional[str] = ..., reason: _Optional[str] = ..., changes: _Optional[_Iterable[_Union[FunctionChange, _Mapping]]] = ...) -> None: ...

class DataCharacteristics(_message.Message):
    __slots__ = ("sample_size", "data_type", "missing_values_percent")
    SAMPLE_SIZE_FIELD_NUMBER: _ClassVar[int]
    DATA_TYPE_FIELD_NUMBER: _ClassVar[int]
    MISSING_VALUES_PERCENT_FIELD_NUMBER: _ClassVar[int]
    sample_size: int
    data_type: str
    missing_values_percent: float
    def __init__(self, sample_size: _Optional[int] = ..., data_type: _Optional[str] = ..., missing_values_percent: _Optional[float] = ...) -> None: ...

class DriftDetected(_message.Message):
    __slots__ = ("execution_id", "function_name", "model_name", "feature_name", "drift_score", "method", "statistical_significance", "data_characteristics")
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    MODEL_NAME_FIELD_NUMBER: _ClassVar[int]
    FEATURE_NAME_FIELD_NUMBER: _ClassVar[int]
    DRIFT_SCORE_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    STATISTICAL_SIGNIFICANCE_FIELD_NUMBER: _ClassVar[int]
    DATA_CHARACTERISTICS_FIELD_NUMBER: _ClassVar[int]
    execution_id: str
    function_name: str
    model_name: str
    feature_name: str
    drift_score: float
    method: str
    statistical_significance: float
    data_characteristics: DataCharacteristics
    def __init__(self, execution_id: _Optional[str] = ..., function_name: _Optional[str] = ..., model_name: _Optional[str] = ..., feature_name: _Optional[str] = ..., drift_score: _Optional[float] = ..., method: _Optional[str] = ..., statistical_significance: _Optional[float] = ..., data_characteristics: _Optional[_Union[DataCharacteristics, _Mapping]] = ...) -> None: ...

class MonitoringCompleted(_message.Message):
    __slots__ = ("execution_id", "function_name", "model_name", "features_monitored", "overall_health", "execution_time_ms", "resource_usage")
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    MODEL_NAME_FIELD_NUMBER: _ClassVar[int]
    FEATURES_MONITORED_FIELD_NUMBER: _ClassVar[int]
    OVERALL_HEALTH_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_USAGE_FIELD_NUMBER: _ClassVar[int]
    execution_id: str
    function_name: str
    model_name: str
    features_monitored: _containers.RepeatedScalarFieldContainer[str]
    overall_health: str
    execution_time_ms: float
    resource_usage: ResourceUsage
    def __init__(self, execution_id: _Optional[str] = ..., function_name: _Optional[str] = ..., model_name: _Optional[str] = ..., features_monitored: _Optional[_Iterable[str]] = ..., overall_health: _Optional[str] = ..., execution_time_ms: _Optional[float] = ..., resource_usage: _Optional[_Union[ResourceUsage, _Mapping]] = ...) -> None: ...

class MonitoringPerformanceDegraded(_message.Message):
    __slots__ = ("execution_id", "function_name", "model_name", "features_monitored", "overall_health", "execution_time_ms", "resource_usage", "degraded")
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    MODEL_NAME_FIELD_NUMBER: _ClassVar[int]
    FEATURES_MONITORED_FIELD_NUMBER: _ClassVar[int]
    OVERALL_HEALTH_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_USAGE_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    execution_id: str
    function_name: str
    model_name: str
    features_monitored: _containers.RepeatedScalarFieldContainer[str]
    overall_health: str
    execution_time_ms: float
    resource_usage: ResourceUsage
    degraded: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, execution_id: _Optional[str] = ..., function_name: _Optional[str] = ..., model_name: _Optional[str] = ..., features_monitored: _Optional[_Iterable[str]] = ..., overall_health: _Optional[str] = ..., execution_time_ms: _Optional[float] = ..., resource_usage: _Optional[_Union[ResourceUsage, _Mapping]] = ..., degraded: _Optional[_Iterable[str]] = ...) -> None: ...

class HumanValidation(_message.Message):
    __slots__ = ("execution_id", "validation_type", "was_real_drift", "confidence", "reason", "business_context", "investigation_time_minutes")
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_TYPE_FIELD_NUMBER: _ClassVar[int]
    WAS_REAL_DRIFT_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_CONTEXT_FIELD_NUMBER: _ClassVar[int]
    INVESTIGATION_TIME_MINUTES_FIELD_NUMBER: _ClassVar[int]
    execution_id: str
    validation_type: str
    was_real_drift: bool
    confidence: float
    reason: str
    business_context: str
    investigation_time_minutes: float
    def __init__(self, execution_id: _Optional[str] = ..., validation_type: _Optional[str] = ..., was_real_drift: bool = ..., confidence: _Optional[float] = ..., reason: _Optional[str] = ..., business_context: _Optional[str] = ..., investigation_time_minutes: _Optional[float] = ...) -> None: ...

class ModelRetrained(_message.Message):
    __slots__ = ("execution_id", "model_name", "performance_before", "performance_after", "retraining_cost_usd", "improvement_confirmed")
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_NAME_FIELD_NUMBER: _ClassVar[int]
    PERFORMANCE_BEFORE_FIELD_NUMBER: _ClassVar[int]
    PERFORMANCE_AFTER_FIELD_NUMBER: _ClassVar[int]
    RETRAINING_COST_USD_FIELD_NUMBER: _ClassVar[int]
    IMPROVEMENT_CONFIRMED_FIELD_NUMBER: _ClassVar[int]
    execution_id: str
    model_name: str
    performance_before: float
    performance_after: float
    retraining_cost_usd: float
    improvement_confirmed: bool
    def __init__(self, execution_id: _Optional[str] = ..., model_name: _Optional[str] = ..., performance_before: _Optional[float] = ..., performance_after: _Optional[float] = ..., retraining_cost_usd: _Optional[float] = ..., improvement_confirmed: bool = ...) -> None: ...

class AlertResolved(_message.Message):
    __slots__ = ("execution_id", "resolution_type", "resolution_time_minutes", "was_useful")
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    RESOLUTION_TYPE_FIELD_NUMBER: _ClassVar[int]
    RESOLUTION_TIME_MINUTES_FIELD_NUMBER: _ClassVar[int]
    WAS_USEFUL_FIELD_NUMBER: _ClassVar[int]
    execution_id: str
    resolution_type: str
    resolution_time_minutes: float
    was_useful: bool
    def __init__(self, execution_id: _Optional[str] = ..., resolution_type: _Optional[str] = ..., resolution_time_minutes: _Optional[float] = ..., was_useful: bool = ...) -> None: ...

class MlflowValidation(_message.Message):
    __slots__ = ("execution_id", "validation_type", "experiment_id", "confidence")
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_TYPE_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    execution_id: str
    validation_type: str
    experiment_id: str
    confidence: float
    def __init__(self, execution_id: _Optional[str] = ..., validation_type: _Optional[str] = ..., experiment_id: _Optional[str] = ..., confidence: _Optional[float] = ...) -> None: ...

class FeedbackExpired(_message.Message):
    __slots__ = ("execution_id", "function_name", "waited_ms", "policy")
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    WAITED_MS_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    execution_id: str
    function_name: str
    waited_ms: int
    policy: str
    def __init__(self, execution_id: _Optional[str] = ..., function_name: _Optional[str] = ..., waited_ms: _Optional[int] = ..., policy: _Optional[str] = ...) -> None: ...

class PatternEvidence(_message.Message):
    __slots__ = ("sample_size", "correlation_strength", "business_impact")
    SAMPLE_SIZE_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_STRENGTH_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_IMPACT_FIELD_NUMBER: _ClassVar[int]
    sample_size: int
    correlation_strength: float
    business_impact: str
    def __init__(self, sample_size: _Optional[int] = ..., correlation_strength: _Optional[float] = ..., business_impact: _Optional[str] = ...) -> None: ...

class PatternDetected(_message.Message):
    __slots__ = ("pattern_type", "affected_functions", "confidence", "evidence", "recommended_action")
    PATTERN_TYPE_FIELD_NUMBER: _ClassVar[int]
    AFFECTED_FUNCTIONS_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    RECOMMENDED_ACTION_FIELD_NUMBER: _ClassVar[int]
    pattern_type: str
    affected_functions: _containers.RepeatedScalarFieldContainer[str]
    confidence: float
    evidence: PatternEvidence
    recommended_action: str
    def __init__(self, pattern_type: _Optional[str] = ..., affected_functions: _Optional[_Iterable[str]] = ..., confidence: _Optional[float] = ..., evidence: _Optional[_Union[PatternEvidence, _Mapping]] = ..., recommended_action: _Optional[str] = ...) -> None: ...

class FalsePositiveDetected(_message.Message):
    __slots__ = ("execution_id", "model_name", "wasted_cost", "adjustment_needed")
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_NAME_FIELD_NUMBER: _ClassVar[int]
    WASTED_COST_FIELD_NUMBER: _ClassVar[int]
    ADJUSTMENT_NEEDED_FIELD_NUMBER: _ClassVar[int]
    execution_id: str
    model_name: str
    wasted_cost: float
    adjustment_needed: str
    def __init__(self, execution_id: _Optional[str] = ..., model_name: _Optional[str] = ..., wasted_cost: _Optional[float] = ..., adjustment_needed: _Optional[str] = ...) -> None: ...

class RegenerationNeeded(_message.Message):
    __slots__ = ("function_name", "reason", "feedback_evidence")
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    FEEDBACK_EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    function_name: str
    reason: str
    feedback_evidence: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, function_name: _Optional[str] = ..., reason: _Optional[str] = ..., feedback_evidence: _Optional[_Iterable[str]] = ...) -> None: ...

class ExpectedImpact(_message.Message):
    __slots__ = ("false_positive_reduction", "accuracy_improvement", "cost_reduction")
    FALSE_POSITIVE_REDUCTION_FIELD_NUMBER: _ClassVar[int]
    ACCURACY_IMPROVEMENT_FIELD_NUMBER: _ClassVar[int]
    COST_REDUCTION_FIELD_NUMBER: _ClassVar[int]
    false_positive_reduction: float
    accuracy_improvement: float
    cost_reduction: float
    def __init__(self, false_positive_reduction: _Optional[float] = ..., accuracy_improvement: _Optional[float] = ..., cost_reduction: _Optional[float] = ...) -> None: ...

class Regenerated(_message.Message):
    __slots__ = ("function_name", "old_version", "new_version", "regeneration_reason", "improvements", "expected_impact")
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    OLD_VERSION_FIELD_NUMBER: _ClassVar[int]
    NEW_VERSION_FIELD_NUMBER: _ClassVar[int]
    REGENERATION_REASON_FIELD_NUMBER: _ClassVar[int]
    IMPROVEMENTS_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_IMPACT_FIELD_NUMBER: _ClassVar[int]
    function_name: str
    old_version: str
    new_version: str
    regeneration_reason: str
    improvements: _containers.RepeatedScalarFieldContainer[str]
    expected_impact: ExpectedImpact
    def __init__(self, function_name: _Optional[str] = ..., old_version: _Optional[str] = ..., new_version: _Optional[str] = ..., regeneration_reason: _Optional[str] = ..., improvements: _Optional[_Iterable[str]] = ..., expected_impact: _Optional[_Union[ExpectedImpact, _Mapping]] = ...) -> None: ...

class EnhancementCompleted(_message.Message):
    __slots__ = ("function_name", "domain", "enhancement_version", "generated_features")
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    DOMAIN_FIELD_NUMBER: _ClassVar[int]
    ENHANCEMENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    GENERATED_FEATURES_FIELD_NUMBER: _ClassVar[int]
    function_name: str
    domain: str
    enhancement_version: str
    generated_features: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, function_name: _Optional[str] = ..., domain: _Optional[str] = ..., enhancement_version: _Optional[str] = ..., generated_features: _Optional[_Iterable[str]] = ...) -> None: ...

class CreateExternalAlert(_message.Message):
    __slots__ = ("alert_type", "severity", "model_name", "feature_name", "drift_score", "feedback_url", "investigation_priority", "execution_id")
    ALERT_TYPE_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    MODEL_NAME_FIELD_NUMBER: _ClassVar[int]
    FEATURE_NAME_FIELD_NUMBER: _ClassVar[int]
    DRIFT_SCORE_FIELD_NUMBER: _ClassVar[int]
    FEEDBACK_URL_FIELD_NUMBER: _ClassVar[int]
    INVESTIGATION_PRIORITY_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    alert_type: str
    severity: str
    model_name: str
    feature_name: str
    drift_score: float
    feedback_url: str
    investigation_priority: str
    execution_id: str
    def __init__(self, alert_type: _Optional[str] = ..., severity: _Optional[str] = ..., model_name: _Optional[str] = ..., feature_name: _Optional[str] = ..., drift_score: _Optional[float] = ..., feedback_url: _Optional[str] = ..., investigation_priority: _Optional[str] = ..., execution_id: _Optional[str] = ...) -> None: ...

class ExternalAlertCreated(_message.Message):
    __slots__ = ("external_id", "execution_id", "system")
    EXTERNAL_ID_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    SYSTEM_FIELD_NUMBER: _ClassVar[int]
    external_id: str
    execution_id: str
    system: str
    def __init__(self, external_id: _Optional[str] = ..., execution_id: _Optional[str] = ..., system: _Optional[str] = ...) -> None: ...

class TranspilationCompleted(_message.Message):
    __slots__ = ("function_name", "dana_source", "python_output", "transpilation_time_ms")
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    DANA_SOURCE_FIELD_NUMBER: _ClassVar[int]
    PYTHON_OUTPUT_FIELD_NUMBER: _ClassVar[int]
    TRANSPILATION_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    function_name: str
    dana_source: str
    python_output: str
    transpilation_time_ms: float
    def __init__(self, function_name: _Optional[str] = ..., dana_source: _Optional[str] = ..., python_output: _Optional[str] = ..., transpilation_time_ms: _Optional[float] = ...) -> None: ...
