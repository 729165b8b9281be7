from opendxa_pubsub import PubSubClient

with PubSubClient(source="/samples/delivery") as client:
    client.create_topic("refunds")
    client.create_topic("bookings")

    # Events of one ordering key come one after another; the third failure makes a dead letter.
    refunds = client.subscribe(
        "refunds",
        subscription="booking",
        ordered=True,
        attempts_max=3,
        retry_min_ms=10,
        retry_max_ms=20,
    )
    client.publish("refunds", {"amount": 12}, ordering_key="customer-1")
    client.publish("refunds", {"amount": "twelve"}, ordering_key="customer-2")

    left = 2
    for refund in refunds:
        amount = refund["amount"]
        if isinstance(amount, int):
            # The refund is settled and its booking stored, or neither: effectively once.
            done = client.ack_and_publish(
                [refund], "bookings", [{"total": amount}], ordering_key=refund.ordering_key
            )
            left -= not done.is_stale
        else:
            refund.nack("not a number")
            left -= refund.attempt == 3
        if left == 0:
            break
    refunds.flush()  # until the broker has answered the last nack

    counts = client.get_accounting("booking")
    print(f"{counts.entered} entered: {counts.acked} acked, {counts.dead_lettered} dead-lettered")
    for letter in client.read("$dead-letter/booking"):
        print(f"{letter.attributes['dlreason']}, after {letter.attributes['dlattempts']} attempts")
