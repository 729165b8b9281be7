import type { IndexStore } from "@opendxa/pubsub-index-store";
import {
  type Disk,
  type OpenedAudit,
  openAudit,
  type SequenceRange,
} from "@opendxa/pubsub-journal";
import { auditCheckpoints } from "./checkpoint-audit.js";
import type { Finding } from "./finding.js";
import { verifyChain } from "./index-chain.js";
import { LostEvents } from "./lost-events.js";

/** What is verified. */
export interface VerifyNamespaceOptions {
  /** The file system. */
  readonly disk: Disk;
  /** The namespace's folder; no broker may be using it. */
  readonly folder: string;
  /** A copy of its index, where there is one: looking at an index may change its files. */
  readonly index?: IndexStore | undefined;
}

/**
 * Reads every byte of journal and checkpoints, and the chain of the index, and yields what is wrong
 * without changing anything. Without faults a broker starts. Rejects with `io_failed` where a folder
 * cannot be read.
 */
export async function* verifyNamespace({
  disk,
  folder,
  index,
}: VerifyNamespaceOptions): AsyncGenerator<Finding> {
  const audit = await openAudit({ disk, folder: `${folder}/journal` });
  const checkpoints = await auditCheckpoints(disk, `${folder}/checkpoints`, audit.journalId);
  const tail = new TailGaps(checkpoints.soundSequence);
  const lost = await lostEventsOf(index, audit.journalId);
  for await (const item of audit.items()) {
    if (item.kind === "entry") {
      const gap = tail.note(item.sequence);
      if (gap !== undefined) yield incomplete(gap);
      continue;
    }
    const { segment, sequences, ...fault } = item.fault;
    const held =
      sequences === undefined ? {} : { sequences, ...(await lost?.events?.of(sequences)) };
    yield { ...fault, ...held, file: `journal/${segment}` };
  }
  yield* checkpoints.findings;
  const { lastSequence } = audit;
  const { newest } = checkpoints;
  if (newest !== undefined && newest.sequence > lastSequence) {
    yield ahead(newest, lastSequence);
  } else {
    const gap = tail.note(lastSequence + 1n);
    if (gap !== undefined) yield incomplete(gap);
  }
  const why = lost?.why ?? (await indexVerdict(index, audit));
  if (why !== undefined) yield unusable(why);
}

/** What lost entries held; `why` the index cannot tell. The journal's end is not known yet. */
async function lostEventsOf(
  index: IndexStore | undefined,
  id: Uint8Array | undefined,
): Promise<{ events?: LostEvents; why?: string } | undefined> {
  if (index === undefined || id === undefined) return undefined;
  const verdict = await verifyChain(index, { id, lastSequence: 2n ** 48n });
  return verdict.usable ? { events: await LostEvents.open(index) } : { why: verdict.why };
}

async function indexVerdict(
  index: IndexStore | undefined,
  { journalId, lastSequence }: OpenedAudit,
): Promise<string | undefined> {
  if (index === undefined || journalId === undefined) return undefined;
  const verdict = await verifyChain(index, { id: journalId, lastSequence });
  return verdict.usable ? undefined : verdict.why;
}

/** Finds entries that are missing behind a sequence. */
class TailGaps {
  #next: bigint;

  constructor(after: bigint) {
    this.#next = after + 1n;
  }

  /** Takes the next entry; answers those that are missing before it. */
  note(sequence: bigint): SequenceRange | undefined {
    if (sequence < this.#next) return undefined;
    const gap = { first: this.#next, last: sequence - 1n };
    this.#next = sequence + 1n;
    return gap.first <= gap.last ? gap : undefined;
  }
}

function incomplete(sequences: SequenceRange): Finding {
  const { first, last } = sequences;
  return {
    kind: "tail_incomplete",
    severity: "fault",
    file: "journal",
    position: 0,
    bytes: 0,
    sequences,
    message: `The entries ${first} to ${last} are missing and no sound checkpoint covers them`,
  };
}

function ahead(
  { sequence, file }: { readonly sequence: bigint; readonly file: string },
  last: bigint,
): Finding {
  return {
    kind: "checkpoint_ahead",
    severity: "fault",
    file,
    position: 24,
    bytes: 8,
    sequences: { first: last + 1n, last: sequence },
    message: `The journal ends at sequence ${last}, before the checkpoint at ${sequence}: segments are missing`,
  };
}

function unusable(why: string): Finding {
  return {
    kind: "index_unusable",
    severity: "notice",
    file: "index",
    position: 0,
    bytes: 0,
    message: `The next start builds the index anew: ${why}`,
  };
}
