import { SETTLEMENT_ITEMS_MAX, SettlementKind, Verdict } from "@opendxa/pubsub-protocol";
import { expect, it } from "vitest";
import { Settlements } from "./settlements.js";

const at = (index: number, lease = 1n) => ({ lease, sequence: 7n, index });

it("gathers acks of a lease into ranges, whatever their order", () => {
  const settlements = new Settlements();
  for (const index of [4, 0, 1, 2, 9]) void settlements.ack(at(index));
  void settlements.ack(at(0, 2n));
  expect(settlements.take()).toEqual([
    {
      number: 1n,
      acks: [
        {
          lease: 1n,
          sequence: 7n,
          ranges: [
            { first: 0, last: 2 },
            { first: 4, last: 4 },
            { first: 9, last: 9 },
          ],
        },
        { lease: 2n, sequence: 7n, ranges: [{ first: 0, last: 0 }] },
      ],
      nacks: [],
      extensions: [],
    },
  ]);
  expect(settlements.take()).toEqual([]);
});

it("tells each caller the verdict on its event", async () => {
  const settlements = new Settlements();
  const outcomes = [
    settlements.ack(at(0)),
    settlements.ack(at(1)),
    settlements.nack(at(2), { reason: "no", delayMs: 5 }),
  ];
  const [message] = settlements.take();
  expect(message?.nacks).toMatchObject([{ delayMs: 5, reason: "no" }]);
  const later = settlements.extend(at(3), 0);
  settlements.take();
  settlements.verdicts({
    throughNumber: 1n,
    exceptions: [
      {
        events: { lease: 1n, sequence: 7n, ranges: [{ first: 1, last: 1 }] },
        verdict: Verdict.STALE,
        number: 1n,
        kind: SettlementKind.ACK,
      },
    ],
  });
  expect(await Promise.all(outcomes)).toEqual(["settled", "stale", "settled"]);
  expect(settlements.isIdle).toBe(false);
  settlements.verdicts({ throughNumber: 2n, exceptions: [] });
  expect(await later).toBe("settled");
  expect(settlements.isIdle).toBe(true);
});

it("tells a position that the broker does not know from a lease that is over", async () => {
  const settlements = new Settlements();
  const outcomes = [settlements.ack(at(0)), settlements.ack(at(1))];
  settlements.take();
  const exceptionOf = (index: number, verdict: Verdict) => ({
    events: { lease: 1n, sequence: 7n, ranges: [{ first: index, last: index }] },
    verdict,
    number: 1n,
    kind: SettlementKind.ACK,
  });
  const exceptions = [exceptionOf(0, Verdict.STALE), exceptionOf(1, Verdict.UNKNOWN)];
  settlements.verdicts({ throughNumber: 1n, exceptions });
  expect(await Promise.all(outcomes)).toEqual(["stale", "unknown"]);
});

it.each([
  ["one message", false],
  ["two messages", true],
])(
  "tells an extension that came too late from the late ack behind it, in %s",
  async (_, isParted) => {
    const settlements = new Settlements();
    const extended = settlements.extend(at(0), 0);
    if (isParted) settlements.take();
    const acked = settlements.ack(at(0));
    settlements.take();
    const exception = {
      events: { lease: 1n, sequence: 7n, ranges: [] },
      verdict: Verdict.STALE,
      number: 1n,
      kind: SettlementKind.EXTENSION,
    };
    settlements.verdicts({ throughNumber: isParted ? 2n : 1n, exceptions: [exception] });
    expect(await Promise.all([extended, acked])).toEqual(["stale", "settled"]);
  },
);

it("takes a refusal that says neither number nor kind for all that it may be about", async () => {
  const settlements = new Settlements();
  const outcomes = [settlements.extend(at(0), 0), settlements.ack(at(0)), settlements.ack(at(1))];
  settlements.take();
  const events = { lease: 1n, sequence: 7n, ranges: [{ first: 0, last: 0 }] };
  const kind = SettlementKind.UNSPECIFIED;
  const exception = { events, verdict: Verdict.STALE, number: 0n, kind };
  settlements.verdicts({ throughNumber: 1n, exceptions: [exception] });
  expect(await Promise.all(outcomes)).toEqual(["stale", "stale", "settled"]);
});

it("tells two words of one kind about an event apart by their numbers", async () => {
  const settlements = new Settlements();
  const first = settlements.extend(at(0), 0);
  settlements.take();
  const second = settlements.extend(at(0), 0);
  settlements.take();
  const events = { lease: 1n, sequence: 7n, ranges: [] };
  const kind = SettlementKind.EXTENSION;
  const exception = { events, verdict: Verdict.STALE, number: 2n, kind };
  settlements.verdicts({ throughNumber: 2n, exceptions: [exception] });
  expect(await Promise.all([first, second])).toEqual(["settled", "stale"]);
});

it("parts the ranges of one lease over as many messages as they need", async () => {
  const settlements = new Settlements();
  const count = 2 * SETTLEMENT_ITEMS_MAX + 1;
  const outcomes = Array.from({ length: count }, (_, i) =>
    settlements.ack({ lease: 1n, sequence: 1n, index: 2 * i }),
  );
  const messages = settlements.take();
  const ranges = messages.map(({ acks }) => acks.map((item) => item.ranges.length));
  expect(ranges).toEqual([[SETTLEMENT_ITEMS_MAX], [SETTLEMENT_ITEMS_MAX], [1]]);
  settlements.verdicts({ throughNumber: 3n, exceptions: [] });
  expect(new Set(await Promise.all(outcomes))).toEqual(new Set(["settled"]));
});

it("keeps to the number of items of one message", () => {
  const settlements = new Settlements();
  for (let lease = 0; lease <= SETTLEMENT_ITEMS_MAX; lease += 1)
    void settlements.ack(at(0, BigInt(lease)));
  expect(settlements.take().map(({ acks }) => acks.length)).toEqual([SETTLEMENT_ITEMS_MAX, 1]);
});

it("sends acks again after a loss, numbered anew, and nothing else", async () => {
  const settlements = new Settlements();
  const acked = settlements.ack(at(0));
  const nacked = settlements.nack(at(1), {});
  settlements.take();
  settlements.reset();
  expect(await nacked).toBe("stale");
  expect(settlements.take()).toMatchObject([{ number: 1n, acks: [{ lease: 1n }], nacks: [] }]);
  settlements.abandon();
  expect(await acked).toBe("lost");
});
