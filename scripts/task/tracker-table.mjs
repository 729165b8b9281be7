/** The boxes of the checklist: one group a line, its boxes between semicolons. */
export function checklistBoxes(text) {
  return [...text.matchAll(/^- \*\*(.+?)\*\*: (.+)$/gm)].flatMap(([, group, boxes]) =>
    boxes.split("; ").map((box) => ({ group, box: box.trim() })),
  );
}

/** The rows of the tracker: group, box, state and proof. */
export function trackerRows(text) {
  let group = "";
  const rows = [];
  for (const line of text.split("\n")) {
    const heading = /^## (.+)$/.exec(line);
    if (heading !== null) group = heading[1];
    const row = /^\| (.+?) \| (.+?) \| (.*?) ?\|$/.exec(line);
    if (row === null || row[1] === "box" || /^-+$/.test(row[1])) continue;
    rows.push({ group, box: row[1], state: row[2], proof: row[3].trim() });
  }
  return rows;
}

/** Paths that a proof names, each in backquotes; a part after `#` names a heading or a figure inside it. */
export function proofPaths(proof) {
  return [...proof.matchAll(/`([^`\s]+)`/g)].map(([, path]) => path.split("#")[0]);
}

function* rowProblems({ group, box, state, proof }, exists) {
  const name = `${group}: ${box}`;
  if (!/^(done|part [1-9]|R2)$/.test(state)) {
    yield `${name}: the state is done, part N or R2, not ${state}`;
  }
  if (state !== "done") return;
  const paths = proofPaths(proof);
  if (paths.length === 0) yield `${name} is done without a proof`;
  for (const path of paths) if (!exists(path)) yield `${name}: its proof ${path} does not exist`;
}

/**
 * What is wrong with the tracker.
 *
 * @param {{boxes: {group: string, box: string}[], rows: ReturnType<typeof trackerRows>, exists: (path: string) => boolean}} tracker
 * @returns {string[]} one line each
 */
export function trackerProblems({ boxes, rows, exists }) {
  const lacks = (list, { group, box }) =>
    !list.some((one) => one.group === group && one.box === box);
  return [
    ...boxes
      .filter((box) => lacks(rows, box))
      .map(({ group, box }) => `no row for ${group}: ${box}`),
    ...rows
      .filter((row) => lacks(boxes, row))
      .map(({ group, box }) => `${group}: ${box} is no box of the checklist`),
    ...rows.flatMap((row) => [...rowProblems(row, exists)]),
  ];
}
