import { enumCommentsOf, enumOf, extension } from "../generate/image.mjs";
import { errorReasonsOf } from "../generate/tables.mjs";

/** Where a reason's comment turns from what happened to the metadata that comes with it. */
const METADATA = " Metadata: ";
const STATUS_PREFIX = "STATUS_CODE_";

/**
 * The reasons that anybody can meet, in the words of the contract.
 *
 * @throws {Error} naming a reason without status, advice or comment
 */
export function metReasonsOf(image) {
  const comments = enumCommentsOf(image, "ErrorReason");
  const statusOf = new Map(
    enumOf(image, "ErrorReason").value.map(({ name, options }) => [
      name,
      extension(options, "error_reason")?.status?.slice(STATUS_PREFIX.length),
    ]),
  );
  return errorReasonsOf(image)
    .filter(({ number }) => number !== 0)
    .map(({ name, retryable, advice }) => {
      const comment = comments.get(`ERROR_REASON_${name}`);
      if (!comment) throw new Error(`${name} has no comment`);
      const [meaning, metadata = "none"] = comment.split(METADATA);
      return {
        name,
        status: statusOf.get(`ERROR_REASON_${name}`),
        retryable,
        advice,
        meaning,
        metadata: metadata.replace(/\.$/, ""),
      };
    });
}

/** The rows of the guide's table, one for each reason. */
export function troubleshootingRows(reasons) {
  return [
    "| reason | status | retry | what happened | metadata | what to do |",
    "|---|---|---|---|---|---|",
    ...reasons.map(({ name, status, retryable, meaning, metadata, advice }) => {
      const cells = [name, status, retryable ? "yes" : "no", meaning, metadata, advice];
      return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
    }),
  ].join("\n");
}

/** Reasons that the guide's other tables name after an HTTP status and the contract does not have. */
export function unknownReasons(document, reasons) {
  const named = [...document.matchAll(/^\| \d{3} ([A-Z_]{3,})/gm)].map(([, name]) => name);
  return named.filter((name) => !reasons.some((reason) => reason.name === name));
}
