"""A learner in a process of its own: prints what it was taught, one JSON line a feedback."""

import json
import sys

from opendxa_pubsub import PubSubClient, ReceivedEvent


def learn(event: ReceivedEvent) -> None:
    """Takes one piece of feedback; returning acks it."""
    feedback = event.json()
    line = {
        "id": event.id,
        "execution_id": feedback["execution_id"],
        "feedback_type": feedback["feedback_type"],
    }
    print(json.dumps(line), flush=True)


with PubSubClient(sys.argv[1], source="/walkthrough/python") as client:
    client.subscribe("feedback", learn, subscription="python-learner", start="earliest")
    print(json.dumps({"ready": True}), flush=True)
    client.run()
