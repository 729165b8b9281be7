const FUNCTIONS = ["detect_drift", "classify_alarm", "rank_runbooks", "summarize_incident"];
const OUTCOMES = ["accepted", "false_alarm", "escalated", "unclear"];
const WORDS =
  "the pump on line three reported a temperature above its usual range while pressure and flow stayed normal so the engineer compared it with last week and found the sensor loose".split(
    " ",
  );

/**
 * A document such as an event of a function's execution carries: names that repeat, numbers, ids and
 * times that do not, and free text.
 *
 * @param seed equal seeds give equal documents
 * @param bytes length of the document
 */
export function jsonDocument(seed: number, bytes: number): string {
  const next = randomOf(seed);
  const hex = (digits: number) =>
    Array.from({ length: digits }, () => Math.floor(next() * 16).toString(16)).join("");
  const document = {
    execution_id: `${hex(8)}-${hex(4)}-${hex(4)}-${hex(12)}`,
    function: FUNCTIONS[Math.floor(next() * FUNCTIONS.length)],
    outcome: OUTCOMES[Math.floor(next() * OUTCOMES.length)],
    started_at: new Date(1_700_000_000_000 + Math.floor(next() * 1e10)).toISOString(),
    duration_ms: Math.round(next() * 1e5) / 100,
    metrics: {
      precision: Math.round(next() * 1e4) / 1e4,
      recall: Math.round(next() * 1e4) / 1e4,
      latency_ms: Math.round(next() * 1e5) / 100,
    },
    trace: hex(32),
    note: "",
  };
  const missing = bytes - JSON.stringify(document).length;
  while (document.note.length < missing) {
    document.note += `${WORDS[Math.floor(next() * WORDS.length)]} `;
  }
  document.note = document.note.slice(0, Math.max(0, missing));
  return JSON.stringify(document);
}

/** Mulberry32: documents of a run must be those of the next one. */
function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
