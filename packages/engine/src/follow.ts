import { payloadIndex } from "@opendxa/pubsub-core";
import type { Entry } from "@opendxa/pubsub-protocol";
import type { AppliedEntry } from "./command-loop.js";
import type { JournalSpace } from "./journal-space.js";
import type { NamespaceEngineParts } from "./namespace-engine.js";
import type { RecentEntries } from "./recent-entries.js";
import { StateChange } from "./state-change.js";

function forgetExpired(recent: RecentEntries, { kind }: Entry): void {
  if (kind?.$case !== "eventsExpired") return;
  for (const { sequence, firstIndex } of kind.value.batches) recent.forget(sequence, firstIndex);
}

/** Lets everything that follows the journal take an entry that became durable, in its order. */
export function follow(
  parts: NamespaceEngineParts & { readonly recent: RecentEntries; readonly space: JournalSpace },
  applied: AppliedEntry,
): void {
  const { entry, sequence, writes } = applied;
  const { topics, recent, writer, checkpointer, subscriptions, feedback, events } = parts;
  const { retention } = parts;
  topics.follow(entry);
  recent.add(applied);
  forgetExpired(recent, entry);
  parts.space.follow(sequence, entry);
  const changes = writes.map((write) => new StateChange(write));
  checkpointer.add(changes, applied);
  const indexed = payloadIndex(entry, sequence, (id) => topics.indexOf(id));
  for (const write of [...indexed, ...retention.removalsOf(applied)]) {
    changes.push(new StateChange(write));
  }
  writer.add(changes, sequence);
  subscriptions.onDurable(applied);
  retention.onDurable(applied);
  feedback.onDurable(applied);
  events.wake();
}
