import { producerIdleMsMax, producersMax, stateKeys } from "@opendxa/pubsub-core";
import { encodeBatch, NamespaceState, ProducerState, PublishFrame } from "@opendxa/pubsub-protocol";
import { expect, it } from "vitest";
import { producersFirstLookMs } from "./limits.js";
import { passUntil, World } from "./test/world.js";

function idOf(number: number): Uint8Array {
  const id = Buffer.alloc(16);
  id.writeUInt32BE(number, 0);
  return id;
}

async function opened(): Promise<World> {
  const made = new World();
  await made.open();
  for (const topic of ["t", "u"]) await made.engine.createTopic(topic, undefined);
  return made;
}

async function publishAs(made: World, topic: string, producerId: Uint8Array, epoch: number) {
  const events = [{ id: "a", type: "t", data: new Uint8Array(0) }];
  const batch = encodeBatch({ topic, partition: 0, events, defaults: { source: "/s" } });
  const produced = { ...batch, producerId, producerEpoch: epoch, baseSequence: 0n };
  await made.engine.publish(PublishFrame.create({ batches: [produced] }));
}

async function keysOf(made: World): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of made.index.iterate({ gte: "prod/", lt: "pwin/~" })) keys.push(key);
  return keys;
}

it("forgets producers and their windows after seven idle days", async () => {
  const made = await opened();
  const [idle, active] = [idOf(1), idOf(2)];
  for (const id of [idle, active]) {
    await made.engine.openProducer(id);
    for (const topic of ["t", "u"]) await publishAs(made, topic, id, 1);
  }
  expect(await keysOf(made)).toHaveLength(6);
  made.clock.jump(producerIdleMsMax - 1);
  await made.engine.openProducer(active);
  made.clock.jump(1);
  await passUntil(made.clock, async () => (await keysOf(made)).length === 3, 60_000);
  expect(await made.engine.openProducer(idle)).toBe(1);
});

it("forgets what producers stored in a topic with the topic", async () => {
  const made = await opened();
  await made.engine.openProducer(idOf(1));
  for (const topic of ["t", "u"]) await publishAs(made, topic, idOf(1), 1);
  await made.engine.deleteTopic("t");
  await passUntil(made.clock, async () => (await keysOf(made)).length === 2);
  expect((await keysOf(made)).at(-1)).toContain("pwin/00000002/");
});

/** A namespace at the bound on producers, without opening every one of them. */
async function fullOf(activeTimeMs: (made: World) => number): Promise<World> {
  const made = new World();
  await made.open();
  await passUntil(made.clock, () => made.engine.stats().indexedSequence > 0n);
  const { name } = stateKeys.namespace();
  const value = await made.index.get(name);
  if (value === undefined) throw new Error("no namespace");
  const namespace = NamespaceState.decode(value);
  const full = NamespaceState.encode({ ...namespace, producers: producersMax }).finish();
  const activeTimeUnixMs = BigInt(activeTimeMs(made));
  const producer = ProducerState.encode({ epoch: 1, activeTimeUnixMs }).finish();
  await made.index.write([
    { key: name, value: full },
    { key: `prod/${Buffer.from(idOf(7)).toString("hex")}`, value: producer },
  ]);
  await made.powerCut("keep", "kept");
  return made;
}

it("makes room at the bound by those that are idle", async () => {
  const made = await fullOf(({ clock }) => clock.now() - producerIdleMsMax);
  expect(await made.engine.openProducer(idOf(8))).toBe(1);
  await expect(made.engine.openProducer(idOf(9))).rejects.toMatchObject({
    reason: "LIMIT_REACHED",
    metadata: { field: "producers" },
  });
});

it("refuses at the bound without one, and looks again no sooner than after an hour", async () => {
  const made = await fullOf(
    ({ clock }) => clock.now() - producerIdleMsMax + producersFirstLookMs / 2,
  );
  const open = () => made.engine.openProducer(idOf(8));
  await expect(open()).rejects.toMatchObject({ reason: "LIMIT_REACHED" });
  made.clock.jump(producersFirstLookMs / 2);
  await expect(open()).rejects.toMatchObject({ reason: "LIMIT_REACHED" });
  made.clock.jump(producersFirstLookMs / 2);
  expect(await open()).toBe(1);
});
