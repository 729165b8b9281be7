import { describe, expect, it } from "vitest";
import { ExpiryGate } from "./expiry-gate.js";

function door(): { readonly open: () => void; readonly opened: Promise<void> } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe("the expiry gate", () => {
  it("lets many look at once, and waits for them before it expires", async () => {
    const gate = new ExpiryGate();
    const seen: string[] = [];
    const doors = [door(), door()];
    const looks = doors.map(({ opened }, i) =>
      gate.shared(async () => {
        await opened;
        seen.push(`look ${i}`);
      }),
    );
    const expiry = gate.exclusive(async () => seen.push("expire"));
    const later = gate.shared(async () => seen.push("later"));
    for (const { open } of doors.reverse()) open();
    await Promise.all([...looks, expiry, later]);
    expect(seen.slice(0, 2).sort()).toEqual(["look 0", "look 1"]);
    expect(seen.slice(2)).toEqual(["expire", "later"]);
  });

  it("goes on after a failure of either", async () => {
    const gate = new ExpiryGate();
    const fail = () => Promise.reject(new Error("no"));
    const looking = gate.shared(fail);
    const expiring = gate.exclusive(fail);
    await expect(looking).rejects.toThrow("no");
    await expect(expiring).rejects.toThrow("no");
    expect(await gate.shared(async () => 1)).toBe(1);
    expect(await gate.exclusive(async () => 2)).toBe(2);
  });
});
