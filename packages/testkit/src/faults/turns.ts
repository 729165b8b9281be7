import { TURNS_MAX } from "./limits.js";

/** Lets everything that is ready run once. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Lets everything that is ready run so many times. */
export async function turns(count: number): Promise<void> {
  for (let passed = 0; passed < count; passed += 1) await turn();
}

/** Lets all that is ready run until the condition holds; answers false when it never does. */
export async function turnsUntil(condition: () => boolean): Promise<boolean> {
  for (let count = 0; count < TURNS_MAX; count += 1) {
    if (condition()) return true;
    await turn();
  }
  return condition();
}
