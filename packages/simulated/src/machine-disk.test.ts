import { expect, it } from "vitest";
import { MachineDisk } from "./machine-disk.js";
import { SimulatedDisk } from "./simulated-disk.js";

it("ends with its machine: neither its names nor its files reach what comes after", async () => {
  const disk = new SimulatedDisk({ seed: 1 });
  const machine = new MachineDisk(disk);
  const file = await machine.open("/a", "create");
  await file.writev([Buffer.from("a")], 0);
  disk.crash({ mode: "keep" });
  const ended = { code: "EBADF" };
  await expect(file.writev([Buffer.from("b")], 0)).rejects.toMatchObject(ended);
  await expect(file.datasync()).rejects.toMatchObject(ended);
  await expect(machine.open("/b", "create")).rejects.toMatchObject(ended);
  await expect(machine.rename("/a", "/b")).rejects.toMatchObject(ended);
  await expect(machine.unlink("/a")).rejects.toMatchObject(ended);
  await expect(machine.link("/a", "/b")).rejects.toMatchObject(ended);
  await expect(machine.mkdir("/b")).rejects.toMatchObject(ended);
  await expect(machine.syncDirectory("/")).rejects.toMatchObject(ended);
  await expect(machine.readdir("/")).rejects.toMatchObject(ended);
  await expect(machine.exists("/a")).rejects.toMatchObject(ended);
  await expect(machine.freeBytes("/")).rejects.toMatchObject(ended);
  const next = new MachineDisk(disk);
  const again = await next.open("/a", "write");
  await again.writev([Buffer.from("c")], 1);
  expect(Buffer.from(disk.content("/a")).toString()).toBe("ac");
});

it("waits before each operation that takes time, and the machine may end meanwhile", async () => {
  const disk = new SimulatedDisk({ seed: 1 });
  let go: () => void = () => undefined;
  const machine = new MachineDisk(disk, () => new Promise((resolve) => (go = resolve)));
  const made = machine.mkdir("/a");
  expect(await disk.exists("/a")).toBe(false);
  go();
  await made;
  expect(await disk.exists("/a")).toBe(true);
  const late = machine.mkdir("/b");
  disk.crash({ mode: "keep" });
  go();
  await expect(late).rejects.toMatchObject({ code: "EBADF" });
});
