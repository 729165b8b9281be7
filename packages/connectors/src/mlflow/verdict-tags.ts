const names: ReadonlySet<string> = new Set([
  "validation_status",
  "outcome",
  "verdict",
  "opendxa.outcome",
  "opendxa.verdict",
]);

const promotions: ReadonlySet<string> = new Set([
  "champion",
  "production",
  "prod",
  "live",
  "stable",
]);

/** Whether a tag's value is read as a verdict. */
export function isVerdictTag(key: string): boolean {
  return names.has(key);
}

/** Whether an alias says that the version is the one in use. */
export function isPromotion(alias: string): boolean {
  return promotions.has(alias.toLowerCase());
}
