import { payloadIndex } from "@opendxa/pubsub-core";
import type { Entry } from "@opendxa/pubsub-protocol";
import type { AppliedEntry } from "./command-loop.js";
import type { JournalSpace } from "./journal-space.js";
import type { NamespaceEngineParts } from "./namespace-engine.js";
import type { RecentEntries } from "./recent-entries.js";
import { StateChange } from "./state-change.js";

function forgetExpired(recent: RecentEntries, { kind }: Entry): void {
  if (kind?.$case !== "eventsExpired") return;
  for (const { sequence, firstIndex, releasedSequence } of kind.value.batches) {
    if (releasedSequence === undefined) recent.forget(sequence, firstIndex);
    else recent.forget(releasedSequence, 0);
  }
}

/** Lets everything that follows the journal take an entry that became durable, in its order. */
export function follow(
  parts: NamespaceEngineParts & { readonly recent: RecentEntries; readonly space: JournalSpace },
  applied: AppliedEntry,
): void {
  const { entry, sequence, writes } = applied;
  const { topics, recent, writer, checkpointer, subscriptions, feedback, events } = parts;
  const { retention, scheduled, due } = parts;
  topics.follow(entry);
  recent.add(applied);
  forgetExpired(recent, entry);
  parts.space.follow(sequence, entry);
  const changes = writes.map((write) => new StateChange(write));
  checkpointer.add(changes, applied);
  const indexed = payloadIndex(entry, sequence, (id) => topics.indexOf(id));
  for (const write of indexed) changes.push(new StateChange(write));
  for (const host of [retention, scheduled]) {
    for (const write of host.removalsOf(applied)) changes.push(new StateChange(write));
  }
  writer.add(changes, sequence);
  subscriptions.onDurable(applied);
  retention.onDurable(applied);
  feedback.onDurable(applied);
  due.onWrites(writes);
  events.wake();
}
