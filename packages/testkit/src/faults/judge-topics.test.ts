import { expect, it } from "vitest";
import { forgetUnanswered } from "./judge-topics.js";
import { PASSING } from "./topics.js";
import { eventKey, Witness } from "./witness.js";

it("keeps what was settled of a deleted topic though its publish was never answered", () => {
  const witness = new Witness();
  const eventOf = (id: string) => ({ topic: PASSING, id, data: "", correlationId: "", order: 1 });
  const batch = {
    topic: PASSING,
    events: [eventOf("delivered"), eventOf("never-stored")],
    baseSequence: undefined,
    incarnation: 0,
    bytes: 1,
    appendLowMs: 1,
    mayBeGone: undefined,
  };
  witness.sending(batch);
  witness.settlementSent.add(eventKey(PASSING, "delivered"));
  forgetUnanswered(witness, []);
  expect([...witness.issued.keys()]).toEqual([eventKey(PASSING, "delivered")]);
  expect(witness.settlementSent.size).toBe(1);
});
