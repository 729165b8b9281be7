import { spawn } from "node:child_process";
import { constants, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PubSubClient } from "../../../packages/client/dist/index.js";
import { startBroker } from "../../../packages/testkit/dist/index.js";
import { TOPIC } from "./load.mjs";

const PUBLISHES = 20;
const ATTACH_TIMEOUT_MS = 10_000;
const CALLS = "write,writev,sendmsg,pwrite64,pwritev,fsync,fdatasync";

/** Publishes single events one after the other. */
async function publishSingly(client, from, count) {
  for (let number = from; number < from + count; number += 1) {
    const event = { id: `traced-${number}`, source: "/load", type: "load", json: {} };
    await client.publish(TOPIC, event);
  }
}

/** Starts strace on a process and waits until it follows it. */
async function attach(pid, output) {
  const args = ["-f", "-yy", "-xx", "-s", "256", "-e", `trace=${CALLS}`, "-o", output];
  const strace = spawn("strace", [...args, "-p", String(pid)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise((resolve) => strace.once("close", resolve));
  let said = "";
  strace.stderr.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  for (let waitedMs = 0; !said.includes("attached"); waitedMs += 50) {
    if (strace.exitCode !== null || waitedMs > ATTACH_TIMEOUT_MS) {
      return { refused: said.trim().split("\n")[0] || "strace did not attach" };
    }
    await pause(50);
  }
  const detach = () => {
    strace.kill("SIGINT");
    return ended;
  };
  return { detach };
}

/** Descriptors of a process whose every write to a segment is synced before it returns (O_DSYNC). */
function syncedDescriptors(pid) {
  const folder = `/proc/${pid}/fd`;
  return new Set(
    readdirSync(folder).filter((fd) => {
      const [, flags = "0"] =
        /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8")) ?? [];
      return (
        (Number.parseInt(flags, 8) & constants.O_DSYNC) !== 0 &&
        readlinkSync(join(folder, fd)).endsWith(".seg")
      );
    }),
  );
}

/** Follows a broker with strace while single events are published. */
async function trace(folder) {
  const broker = await startBroker({ env: { UV_USE_IO_URING: "0" } });
  try {
    const client = await PubSubClient.connect({ address: broker.address });
    await publishSingly(client, 0, 1);
    const output = join(folder, "strace.txt");
    const { refused, detach } = await attach(broker.pid, output);
    if (refused === undefined) {
      await publishSingly(client, 1, PUBLISHES);
      await detach();
    }
    await client.close();
    if (refused !== undefined) return { refused };
    const lines = readFileSync(output, "utf8").split("\n");
    return { lines, synced: syncedDescriptors(broker.pid) };
  } finally {
    await broker.stop();
  }
}

/** System calls with the numbers of the lines in which they begin and end. */
export function callsOf(lines) {
  const open = new Map();
  const calls = [];
  for (const [at, line] of lines.entries()) {
    const [, thread, rest] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    if (rest === undefined) continue;
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const begun = open.get(thread);
    if (resumed !== null && begun !== undefined) {
      calls.push({ ...begun, text: begun.text + resumed[1], end: at });
      open.delete(thread);
    } else if (/^\w+\(/.test(rest)) {
      const call = { name: rest.slice(0, rest.indexOf("(")), text: rest, begin: at, end: at };
      if (rest.endsWith("<unfinished ...>")) open.set(thread, call);
      else calls.push(call);
    }
  }
  return calls.sort((one, other) => one.end - other.end);
}

/** Whether what is written to a socket holds a DATA frame whose gRPC message is an acknowledgement. */
export function holdsAck({ name, text }) {
  if (!/^(write|writev|sendmsg)$/.test(name) || !/^\w+\(\d+<TCP/.test(text)) return false;
  const strings = [...text.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex]) => hex).join("");
  const bytes = Buffer.from(strings.replaceAll("\\x", ""), "hex");
  // Frame header of HTTP/2: length (3), type (1, DATA is 0), flags (1), stream (4). Message of gRPC:
  // flag (1), length (4); PublishStreamResponse.ack is field 2: 0x12.
  for (let at = 0; at + 9 < bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    if (bytes[at + 3] === 0 && bytes[at + 9] === 0 && bytes[at + 14] === 0x12) return true;
  }
  return false;
}

/**
 * What the trace shows: how many acks there were, and how many without a sync behind the write or in
 * it, through one of the `synced` descriptors.
 */
export function judgeOrder(calls, synced) {
  const isJournal = ({ text }) =>
    /^\w+\(\d+<[^>]*\.seg/.test(text.replace(/\\x([0-9a-f]{2})/g, hex));
  const journal = calls.filter(isJournal);
  const verdict = { acks: 0, unsynced: 0 };
  let judgedBefore = -1;
  for (const ack of calls.filter(holdsAck)) {
    const write = journal.findLast(({ name, end }) => name.startsWith("pwrite") && end < ack.begin);
    // Two messages may acknowledge one commit; the second has no write of its own.
    if (write === undefined || write.end === judgedBefore) continue;
    judgedBefore = write.end;
    verdict.acks += 1;
    const [, descriptor] = /^\w+\((\d+)</.exec(write.text) ?? [];
    const isSyncedByItself = synced.has(descriptor) && /= [1-9]\d*$/.test(write.text);
    const isSyncedBehind = journal.some(
      ({ name, text, begin, end }) =>
        /^f(data)?sync$/.test(name) && text.endsWith("= 0") && begin > write.end && end < ack.begin,
    );
    if (!isSyncedByItself && !isSyncedBehind) verdict.unsynced += 1;
  }
  return verdict;
}

const hex = (_text, digits) => String.fromCharCode(Number.parseInt(digits, 16));

/** Publishes one event after the other under strace. */
export async function checkSyncOrder(folder) {
  const { refused, lines, synced } = await trace(folder);
  if (refused !== undefined) return { skipped: refused };
  const verdict = judgeOrder(callsOf(lines), synced);
  return { ...verdict, isRight: verdict.acks >= PUBLISHES / 2 && verdict.unsynced === 0 };
}
