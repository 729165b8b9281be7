import type { PubSubClient } from "@opendxa/pubsub-client";
import { INDEX_POLL_MS, TAKE_TIMEOUT_MS_DEFAULT } from "../limits.js";
import { type Fields, text } from "./event-json.js";

/** Waits until a namespace's index holds everything; answers how far it is behind then. */
export async function awaitIndexed(client: PubSubClient, args: Fields): Promise<Fields> {
  const namespace = text(args, "namespace") ?? "";
  const deadline = Date.now() + TAKE_TIMEOUT_MS_DEFAULT;
  for (;;) {
    const { indexLags } = await client.getBroker();
    const lag = indexLags.find((each) => each.namespace === namespace);
    if (lag === undefined) throw new Error(`the broker says nothing of ${namespace}`);
    const { entriesBehind, behindMs } = lag;
    if (entriesBehind === 0n) {
      return { namespace, entries_behind: String(entriesBehind), behind_ms: String(behindMs) };
    }
    if (Date.now() > deadline) throw new Error(`the index is ${entriesBehind} behind`);
    await new Promise((resolve) => setTimeout(resolve, INDEX_POLL_MS));
  }
}
