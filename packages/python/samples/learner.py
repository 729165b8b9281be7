from opendxa_pubsub import PubSubClient


def on_feedback(event):
    print(event["function_id"], event["execution_id"])
    client.publish("learning", {"function_id": event["function_id"], "version": "v2"})


with PubSubClient() as client:
    client.subscribe("feedback", on_feedback, "python-learner")
    client.publish(
        "feedback",
        {"function_id": "detect_drift", "execution_id": "x-1", "feedback_type": "success"},
    )
    client.wait(2)
