from opendxa_pubsub import PubSubClient


def on_order(event):
    print(event.type, event.subject, event["amount"])


with PubSubClient(source="/guides/usage") as client:
    client.subscribe("orders", on_order, subscription="python-billing", start="earliest")
    client.run()  # until interrupted
