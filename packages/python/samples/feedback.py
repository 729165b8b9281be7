from opendxa_pubsub import FeedbackEvent, PubSubClient

with PubSubClient() as client:  # OPENDXA_PUBSUB_ADDRESS, else 127.0.0.1:50051
    client.subscribe("feedback", lambda event: print(event["execution_id"]), "learner")
    client.publish("feedback", FeedbackEvent(function_id="detect_drift", execution_id="x-1"))
    client.wait(2)
