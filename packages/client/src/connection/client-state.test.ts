import { PubSubError } from "@opendxa/pubsub-protocol";
import { expect, it } from "vitest";
import { REQUESTS, type StateChange, StateTracker } from "./client-state.js";

const LOST = PubSubError.of("CONNECTION_LOST", "gone");

function tracked(): { tracker: StateTracker; changes: StateChange[] } {
  const tracker = new StateTracker();
  const changes: StateChange[] = [];
  tracker.onChange((change) => changes.push(change));
  return { tracker, changes };
}

it("is connected when everything is, and says why when it is not", () => {
  const { tracker, changes } = tracked();
  tracker.down("publisher", LOST);
  expect(tracker.state).toBe("connecting");
  tracker.up("publisher");
  tracker.down("publisher", LOST);
  tracker.down("subscription 1", LOST);
  tracker.up("publisher");
  expect(tracker.state).toBe("reconnecting");
  tracker.gone("subscription 1");
  tracker.close();
  tracker.up("publisher");
  expect(changes).toEqual([
    { state: "connected", previous: "connecting", error: undefined },
    { state: "reconnecting", previous: "connected", error: LOST },
    { state: "connected", previous: "reconnecting", error: undefined },
    { state: "closed", previous: "connected", error: undefined },
  ]);
});

it("does not wait for a request that nobody makes again", () => {
  const { tracker } = tracked();
  tracker.up("publisher");
  tracker.down(REQUESTS, LOST);
  tracker.down("publisher", LOST);
  tracker.up("publisher");
  expect(tracker.state).toBe("connected");
});
