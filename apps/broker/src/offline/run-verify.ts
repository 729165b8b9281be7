import { join, resolve } from "node:path";
import { type Finding, verifyNamespace } from "@opendxa/pubsub-engine";
import { type IndexStore, IndexStoreError } from "@opendxa/pubsub-index-store";
import { NodeDisk } from "@opendxa/pubsub-journal";
import type { Config } from "../config/config-schema.js";
import type { LoadedConfig } from "../config/load-config.js";
import { takeDataFolder } from "../data-folder.js";
import { EXIT_CODES } from "../exit-codes.js";
import { withIndexView } from "./index-view.js";
import { orRefuse } from "./offline-refusal.js";
import { storedNamespaces } from "./stored-namespaces.js";

/** What was found so far. */
interface Tally {
  faults: number;
  notices: number;
}

/**
 * Reads everything that a data folder holds and says what is wrong with it: a line of JSON for each
 * finding and one at the end on stdout, a sentence for each on stderr. It changes nothing but the
 * note of who holds the lock. A folder that a broker uses is refused: what is just being written
 * could not be told from damage.
 *
 * @throws StartError where there is nothing to verify or a broker runs on the folder
 */
export async function runVerify({ config }: LoadedConfig): Promise<void> {
  const namespaces = storedNamespaces(resolve(config.data));
  const { path, lock } = await takeDataFolder(config.data);
  const tally: Tally = { faults: 0, notices: 0 };
  try {
    for (const namespace of namespaces) {
      await orRefuse(path, () => verifyOne({ path, namespace, config, tally }));
    }
  } finally {
    await lock.release();
  }
  const isSound = tally.faults === 0;
  write({ event: "verified", data: path, namespaces, ...tally, sound: isSound });
  const count = `${tally.faults} faults and ${tally.notices} notices`;
  say(
    isSound
      ? `The data folder ${path} is sound (${tally.notices} notices).`
      : `The data folder ${path} is damaged: ${count}. Keep a copy of it; "opendxa-pubsub repair --to <new folder>" saves what is sound.`,
  );
  if (!isSound) process.exitCode = EXIT_CODES.DATA_REFUSED;
}

async function verifyOne(place: {
  readonly path: string;
  readonly namespace: string;
  readonly config: Config;
  readonly tally: Tally;
}): Promise<void> {
  const { path, namespace, config, tally } = place;
  const folder = join(path, namespace);
  let hasBegun = false;
  const verify = async (index?: IndexStore): Promise<void> => {
    hasBegun = true;
    for await (const finding of verifyNamespace({ disk: new NodeDisk(), folder, index })) {
      report(namespace, finding, tally);
    }
  };
  try {
    await withIndexView(join(folder, "index"), config.index, verify);
  } catch (error) {
    if (hasBegun || !(error instanceof IndexStoreError)) throw error;
    reportIndex(namespace, error, tally);
    await verify();
  }
}

function report(namespace: string, finding: Finding, tally: Tally): void {
  const { kind, severity, file, position, bytes, sequences, topics, events, message } = finding;
  if (severity === "fault") tally.faults += 1;
  else tally.notices += 1;
  const range = sequences && {
    first_sequence: String(sequences.first),
    last_sequence: String(sequences.last),
  };
  const held = topics && { topics, events };
  const facts = { event: "finding", kind, severity, namespace, file, position, bytes };
  write({ ...facts, ...range, ...held, message });
  const where = `${namespace}/${file}, byte ${position}`;
  const entries = sequences && `, entries ${sequences.first} to ${sequences.last}`;
  const lost = topics && topics.length > 0 ? `, ${events} events of ${topics.join(", ")}` : "";
  say(`${message} (${severity}; ${where}${entries ?? ""}${lost}).`);
}

/** The engine refuses its files, and so would a start; nothing is lost with an index. */
function reportIndex(namespace: string, error: IndexStoreError, tally: Tally): void {
  tally.faults += 1;
  const facts = { event: "finding", kind: "index_refused", severity: "fault", namespace };
  write({ ...facts, file: "index", position: 0, bytes: 0, message: error.message });
  say(
    `The index of "${namespace}" cannot be opened (${error.message}): "opendxa-pubsub index rebuild" makes it anew.`,
  );
}

function write(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function say(sentence: string): void {
  process.stderr.write(`opendxa-pubsub: ${sentence}\n`);
}
