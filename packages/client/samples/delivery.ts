import { Priority, PubSubClient } from "@opendxa/pubsub-client";

const client = await PubSubClient.connect({ source: "/samples/delivery" });
await client.createTopic("payments");
await client.createTopic("invoices");

// Events of one ordering key come one after another; the third failure makes a dead letter.
const payments = await client.subscribe({
  subscription: "invoicing",
  topic: "payments",
  order: "key",
  attemptsMax: 3,
  retry: { minMs: 10, maxMs: 20 },
});
await client.publishMany("payments", [
  { type: "payment", orderingKey: "customer-1", json: { amount: 12 } },
  { type: "payment", orderingKey: "customer-2", json: { amount: "twelve" } },
]);
await client.publish("invoices", { type: "note", text: "urgent" }, { priority: Priority.HIGH });

let open = 2;
for await (const payment of payments) {
  const { amount } = payment.json() as { amount: unknown };
  if (typeof amount === "number") {
    // The payment is settled and its invoice stored, or neither: effectively once.
    const { isStale } = await client.ackAndPublish([payment], "invoices", [
      { type: "invoice", orderingKey: payment.orderingKey, json: { total: amount } },
    ]);
    if (!isStale) open -= 1;
  } else {
    await payment.nack({ reason: "not a number" });
    if (payment.attempt === 3) open -= 1;
  }
  if (open === 0) break;
}

const counts = await client.subscriptions.getAccounting("invoicing");
console.log(
  `${counts.entered} entered: ${counts.acked} acked, ${counts.deadLettered} dead-lettered`,
);
for await (const { attributes } of client.read("$dead-letter/invoicing")) {
  console.log(`${attributes["dlreason"]}, after ${attributes["dlattempts"]} attempts`);
}

await client.close();
