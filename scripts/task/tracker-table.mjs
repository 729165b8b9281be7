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

/**
 * What is wrong with the tracker.
 *
 * @param {{boxes: {group: string, box: string}[], rows: ReturnType<typeof trackerRows>, exists: (path: string) => boolean}} tracker
 */
export function trackerProblems({ boxes, rows, exists }) {
  const problems = boxes
    .filter(({ group, box }) => !rows.some((row) => row.group === group && row.box === box))
    .map(({ group, box }) => `no row for ${group}: ${box}`);
  for (const { group, box, state, proof } of rows) {
    const name = `${group}: ${box}`;
    if (!boxes.some((one) => one.group === group && one.box === box))
      problems.push(`${name} is no box of the checklist`);
    if (!/^(done|part [1-9]|R2)$/.test(state))
      problems.push(`${name}: the state is done, part N or R2, not ${state}`);
    const paths = proofPaths(proof);
    if (state === "done" && paths.length === 0) problems.push(`${name} is done without a proof`);
    for (const path of state === "done" ? paths : []) {
      if (!exists(path)) problems.push(`${name}: its proof ${path} does not exist`);
    }
  }
  return problems;
}
