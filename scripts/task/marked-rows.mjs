/** The document with the rows between its marks renewed; the first mark names the command that renews them. */
export function withRows(document, command, rows) {
  const [start, end] = [`<!-- rows: ${command} -->`, "<!-- end of rows -->"];
  const [before, after] = [document.indexOf(start), document.indexOf(end)];
  if (before < 0 || after < before)
    throw new Error(`the document has lost its marks around the rows of ${command}`);
  return `${document.slice(0, before + start.length)}\n\n${rows}\n\n${document.slice(after)}`;
}
