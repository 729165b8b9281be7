/** Longest source file, in lines: a file holds one noun. */
const FILE_LINES_MAX = 400;

// Written in pieces, so that this file does not find itself.
const OPEN_END = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "XX" + "X"].join("|")})\\b`);
const MACHINE_PATH = new RegExp(
  `(^|[\\s"'\`(=:])/(${["home", "Users", "root", "work"].join("|")})/[\\w.-]`,
);
const HIDDEN_TIME =
  /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bprocess\.hrtime\b|\bsetTimeout\b|\bsetInterval\b|\bsetImmediate\b|\bperformance\.now\b|\brandom(UUID|Bytes|Int)\b|["']node:(timers|timers\/promises|perf_hooks)["']/;

const SOURCE = /\.(ts|mjs|cjs|js|py|na)$/;
const TEST = /\.test\.(ts|mjs)$|(^|\/)tests?\//;
const DETERMINISTIC = /^packages\/(core|journal|index-store|engine)\/src\//;
const SAMPLE = /^docs\/(samples|examples)\/.+\.(ts|py|na)$/;

/** The source without its comments, with every line kept in its place. */
export function withoutComments(text) {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ""))
    .replace(/(^|[\s;{}(),])\/\/.*$/gm, "$1");
}

function* linesMatching({ path, text }, pattern, complaint) {
  for (const [index, line] of text.split("\n").entries()) {
    const match = pattern.exec(line);
    if (match !== null) yield `${path}:${index + 1}: ${complaint}: ${match[0].trim()}`;
  }
}

function* fileProblems(file) {
  yield* linesMatching(file, OPEN_END, "an open end belongs into the tracker or an issue");
  yield* linesMatching(file, MACHINE_PATH, "a path of one machine");
  if (SOURCE.test(file.path) && file.text.split("\n").length - 1 > FILE_LINES_MAX) {
    yield `${file.path}: more than ${FILE_LINES_MAX} lines; which two nouns are in here?`;
  }
  if (DETERMINISTIC.test(file.path) && !TEST.test(file.path)) {
    const code = { path: file.path, text: withoutComments(file.text) };
    yield* linesMatching(code, HIDDEN_TIME, "time and chance are parameters here");
  }
}

/**
 * Everything untidy in the given files.
 *
 * @param {{path: string, text: string}[]} files
 * @returns {string[]} one line each
 */
export function tidyProblems(files) {
  const problems = files.flatMap((file) => [...fileProblems(file)]);
  const others = files.filter((file) => !SAMPLE.test(file.path));
  for (const { path } of files.filter((file) => SAMPLE.test(file.path))) {
    const name = path.slice(path.indexOf("/", "docs/".length) + 1);
    if (!others.some((file) => file.text.includes(name)))
      problems.push(`${path}: a sample that nothing shows or runs`);
  }
  return problems;
}
