const START = "<!-- rows: node scripts/check-ci-minutes.mjs --write -->";
const END = "<!-- end of rows -->";

/** The rows of the table of minutes, as they must stand in the document. */
export function minutesRows(legs) {
  const sum = legs.reduce((minutes, leg) => minutes + leg.minutes, 0);
  return [
    "| leg | what it shows | needs | minutes |",
    "|---|---|---|---|",
    ...legs.map(
      ({ name, title, needs, minutes }) => `| \`${name}\` | ${title} | ${needs} | ${minutes} |`,
    ),
    `| all | | | ${sum} |`,
  ].join("\n");
}

/** The document with its rows renewed. */
export function withRows(document, rows) {
  const [before, after] = [document.indexOf(START), document.indexOf(END)];
  if (before < 0 || after < before)
    throw new Error("the document has lost its marks around the rows");
  return `${document.slice(0, before + START.length)}\n\n${rows}\n\n${document.slice(after)}`;
}
