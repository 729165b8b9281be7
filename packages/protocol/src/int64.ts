/** Whether a value is a bigint that 64 signed bits hold. */
export function isInt64(value: unknown): boolean {
  return typeof value === "bigint" && BigInt.asIntN(64, value) === value;
}
