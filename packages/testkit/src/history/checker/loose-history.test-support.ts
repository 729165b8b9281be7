/** A record that a test may change. */
export type Loose = { k: string; t: number; n?: number } & Record<string, unknown>;
/** A history that a test may change: records by file. */
export type LooseHistory = Map<string, Loose[]>;

/** Ack deadline of every subscription of a made history, in milliseconds. */
export const ACK_DEADLINE_MS = 10_000;

/** Tells records apart. */
export type Is = (record: Loose) => boolean;

/** Records of one kind. */
export function is(kind: string): Is {
  return ({ k }) => k === kind;
}

/** Delivers an event once more at the end of everything, and lets it be acked where a verdict is given. */
export function again(history: LooseHistory, of: Loose, { verdict }: { verdict?: string }): void {
  const first = deliveryOf(history, of);
  const t = Math.max(...all(history).map((record) => record.t)) + 200;
  const file = otherFile(history, first, t) as Loose[];
  const leases = all(history).map(({ lease }) => BigInt((lease as string | undefined) ?? 0));
  const newest = leases.toSorted((a, b) => Number(b - a))[0] ?? 0n;
  const lease = String(newest + 10n);
  const attempts = all(history).filter((each) => each.k === "delivered" && isSameIn(each, first));
  const attempt = Math.max(...attempts.map((each) => each["attempt"] as number)) + 1;
  const { topic, source, id, key, sub } = first;
  const leased = { topic, source, id, key, sub, lease };
  file.push({ ...first, lease, t, leaseEnd: t - 50 + ACK_DEADLINE_MS, attempt });
  file.push({ k: "ack", t: t + 50, ...leased });
  if (verdict !== undefined) file.push({ k: "verdict", t: t + 100, ...leased, of: "ack", verdict });
}

export function all(history: LooseHistory): Loose[] {
  return [...history.values()].flat();
}

export function find(history: LooseHistory, which: Is): Loose | undefined {
  return all(history).find(which);
}

export function pick<T>(list: readonly T[], random: () => number): T | undefined {
  return list[Math.floor(random() * list.length)];
}

export function removeWhere(history: LooseHistory, which: Is): void {
  for (const [name, records] of history)
    history.set(
      name,
      records.filter((each) => !which(each)),
    );
}

export function deliveryOf(history: LooseHistory, of: Loose): Loose {
  return find(
    history,
    (each) =>
      each.k === "delivered" &&
      isSameIn(each, of) &&
      (of["lease"] === undefined || each["lease"] === of["lease"]),
  ) as Loose;
}

/** The newest file of another consumer of its subscription that had begun by then. */
export function otherFile(
  history: LooseHistory,
  delivery: Loose,
  t = delivery.t,
): Loose[] | undefined {
  const files = [...history.values()].filter(
    (records) =>
      !records.includes(delivery) &&
      (records[0] as Loose).t < t &&
      records.some(({ k, sub }) => k === "opened" && sub === delivery["sub"]),
  );
  return files.at(-1);
}

export function wasKilled(history: LooseHistory, delivery: Loose): boolean {
  const own = [...history.values()].find((records) => records.includes(delivery));
  const name = own?.[0]?.["name"];
  return all(history).some(({ k, what }) => k === "kill" && what === name);
}

/** Whether a stream of whoever has a delivery ends behind it for another reason than the broker's own end. */
export function leaves(history: LooseHistory, delivery: Loose): boolean {
  const own = [...history.values()].find((records) => records.includes(delivery)) ?? [];
  return own.some((end, at) => {
    if (end.t < delivery.t || (end.k !== "lost" && end.k !== "closing")) return false;
    const opened = own.slice(0, at).findLast(is("opened"))?.t ?? 0;
    const killed = all(history).some(
      ({ k, what, t }) => k === "kill" && what === "broker" && opened < t && t < end.t,
    );
    return end.k === "closing" || !killed;
  });
}

export function insert(records: Loose[], record: Loose): void {
  const at = records.findIndex(({ t }) => t > record.t);
  records.splice(at < 0 ? records.length : at, 0, record);
}

export function lastIndexOf(records: readonly Loose[], kind: string): number {
  return records.map(({ k }) => k).lastIndexOf(kind);
}

export function hasConfirmedAck(history: LooseHistory, delivery: Loose): boolean {
  return all(history).some(
    (each) =>
      each.k === "verdict" &&
      each["of"] === "ack" &&
      each["lease"] === delivery["lease"] &&
      each["verdict"] === "settled",
  );
}

export function isSameIn(a: Loose, b: Loose): boolean {
  return (
    a["sub"] === b["sub"] &&
    a["topic"] === b["topic"] &&
    a["source"] === b["source"] &&
    a["id"] === b["id"]
  );
}

export function beginOf(delivered: Loose): number {
  return (delivered["leaseEnd"] as number) - ACK_DEADLINE_MS;
}
