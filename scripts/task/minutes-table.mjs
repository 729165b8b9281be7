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
