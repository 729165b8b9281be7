import { Event, EventBody } from "@opendxa/pubsub-protocol";
import { expect, it } from "vitest";
import { AnsweredEvent } from "./answered-event.js";

it("shows the envelope of an event whose data nobody can read, and refuses to make data up", () => {
  const head = { id: "a", type: "t" };
  const unread = new AnsweredEvent(Event.fromPartial({ head }));
  expect(unread.id).toBe("a");
  for (const read of [() => unread.data, () => unread.json(), () => unread.dataContentType]) {
    expect(read).toThrow("BATCH_MALFORMED: the body of event a is not readable by the broker");
  }
  const empty = new AnsweredEvent(Event.fromPartial({ head, body: EventBody.create() }));
  expect(empty.data).toHaveLength(0);
});
