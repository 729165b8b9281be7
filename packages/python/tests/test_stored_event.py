import pytest

from opendxa_pubsub import PubSubError
from opendxa_pubsub._gen.opendxa.pubsub.v1 import event_pb2
from opendxa_pubsub._stored_event import stored_event


def test_shows_the_envelope_of_an_event_whose_data_nobody_can_read() -> None:
    head = event_pb2.EventHead(id="a", type="t")
    unread = stored_event(event_pb2.Event(head=head))
    assert unread.id == "a"
    with pytest.raises(PubSubError, match="the body of event a is not readable") as refused:
        _ = unread.data
    assert refused.value.reason == "BATCH_MALFORMED"
    assert stored_event(event_pb2.Event(head=head, body=event_pb2.EventBody())).data == b""
