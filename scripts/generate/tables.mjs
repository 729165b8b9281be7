import { enumOf, extension, methodsOf } from "./image.mjs";

const NOTICE = "Generated from proto/ by scripts/generate.mjs. DO NOT EDIT.";
const UNKNOWN_STATUS = 2;
const PREFIX = "ERROR_REASON_";

/**
 * What the contract says about each ErrorReason.
 *
 * @throws {Error} naming a value without status or advice
 */
export function errorReasonsOf(image) {
  const statuses = new Map(
    enumOf(image, "StatusCode").value.map(({ name, number }) => [name, number ?? 0]),
  );
  return enumOf(image, "ErrorReason").value.map(({ name, number = 0, options }) => {
    const stated = extension(options, "error_reason");
    const known = { name: name.slice(PREFIX.length), number };
    if (number === 0) {
      return {
        ...known,
        code: UNKNOWN_STATUS,
        retryable: false,
        advice: "Treat it by its gRPC status.",
      };
    }
    const code = statuses.get(stated?.status);
    if (!code || !stated.advice) throw new Error(`${name} states no status or no advice`);
    return { ...known, code, retryable: stated.retryable ?? false, advice: stated.advice };
  });
}

/**
 * What each RPC asks for.
 *
 * @throws {Error} naming an RPC without a permission
 */
export function permissionsOf(image) {
  return methodsOf(image).map(({ name, permission }) => {
    if (!permission || permission === "PERMISSION_UNSPECIFIED") {
      throw new Error(`${name} states no required_permission`);
    }
    return { name, permission: permission.slice("PERMISSION_".length) };
  });
}

/** The table of reasons for TypeScript. */
export function errorReasonsTypeScript(image) {
  const rows = errorReasonsOf(image).map(
    ({ name, ...rest }) =>
      `  ${name}: { number: ${rest.number}, code: ${rest.code}, retryable: ${rest.retryable}, advice: ${JSON.stringify(rest.advice)} },`,
  );
  return [
    `// ${NOTICE}`,
    "",
    "/** What the contract says about each reason: number in ErrorReason, gRPC status, retryability, advice. */",
    "export const errorReasons = {",
    ...rows,
    "} as const;",
    "",
  ].join("\n");
}

/** The table of permissions for TypeScript. */
export function permissionsTypeScript(image) {
  const rows = permissionsOf(image).map(({ name, permission }) => `  "${name}": "${permission}",`);
  return [
    `// ${NOTICE}`,
    "",
    "/** The permission that each RPC asks for, by full method name. */",
    "export const requiredPermissions = {",
    ...rows,
    "} as const;",
    "",
  ].join("\n");
}

/** The table of reasons for Python. */
export function errorReasonsPython(image) {
  const rows = errorReasonsOf(image).map(
    ({ name, number, code, retryable, advice }) =>
      `    ${JSON.stringify(name)}: ErrorReasonInfo(${number}, ${code}, ${retryable ? "True" : "False"}, ${JSON.stringify(advice)}),`,
  );
  return [
    `# ${NOTICE}`,
    '"""What the contract says about each ErrorReason."""',
    "",
    "from typing import Final, NamedTuple",
    "",
    "",
    "class ErrorReasonInfo(NamedTuple):",
    '    """Number in ErrorReason, gRPC status, whether a retry helps, and advice."""',
    "",
    "    number: int",
    "    code: int",
    "    retryable: bool",
    "    advice: str",
    "",
    "",
    "ERROR_REASONS: Final[dict[str, ErrorReasonInfo]] = {",
    ...rows,
    "}",
    "",
  ].join("\n");
}
