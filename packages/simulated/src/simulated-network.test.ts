import { describe, expect, it } from "vitest";
import { SeededRandom } from "./seeded-random.js";
import { type NetworkEnd, SimulatedNetwork } from "./simulated-network.js";
import { VirtualClock } from "./virtual-clock.js";

interface Talk {
  readonly clock: VirtualClock;
  readonly network: SimulatedNetwork;
  readonly caller: NetworkEnd<number>;
  readonly server: NetworkEnd<number>;
  readonly heard: string[];
}

function talk(seed = 1, inFlightMax = 1_000): Talk {
  const clock = new VirtualClock();
  const random = new SeededRandom(seed);
  const network = new SimulatedNetwork({ clock, random, latencyMs: [1, 20], inFlightMax });
  const heard: string[] = [];
  const handler = (name: string) => ({
    message: (message: number) => void heard.push(`${name} ${message}`),
    ended: (how: string) => void heard.push(`${name} ${how}`),
  });
  let server: NetworkEnd<number> | undefined;
  const caller = network.connect<number, number>((end) => {
    server = end;
    return handler("server");
  }, handler("caller"));
  if (server === undefined) throw new Error("nobody listened");
  return { clock, network, caller, server, heard };
}

const numbers = Array.from({ length: 50 }, (_, i) => i);

describe("a simulated network", () => {
  it("keeps the order of each direction, whatever the delays", () => {
    const { clock, caller, server, heard } = talk();
    for (const number of numbers) caller.send(number);
    server.send(7);
    clock.advance(1_000);
    expect(heard.filter((line) => line.startsWith("server"))).toEqual(
      numbers.map((number) => `server ${number}`),
    );
    expect(heard).toContain("caller 7");
  });

  it("closes behind what was sent, and tells the other side once", () => {
    const { clock, network, caller, server, heard } = talk();
    caller.send(1);
    caller.close();
    caller.send(2);
    server.send(3);
    expect(network.connections).toBe(1);
    clock.advance(1_000);
    expect(heard).toEqual(["server 1", "server closed"]);
    expect([caller.isOpen, server.isOpen]).toEqual([false, false]);
    server.close();
    clock.advance(1_000);
    expect(heard).toHaveLength(2);
    expect(network.connections).toBe(0);
  });

  it("loses an end of what was on its way when it is reset, never a middle", () => {
    for (let seed = 1; seed < 30; seed += 1) {
      const { clock, network, caller, heard } = talk(seed);
      for (const number of numbers) caller.send(number);
      clock.advance(10);
      network.resetOne();
      clock.advance(1_000);
      const received = heard.filter((line) => /server \d/.test(line));
      expect(received).toEqual(numbers.slice(0, received.length).map((n) => `server ${n}`));
      expect(heard).toContain("server reset");
      expect(heard).toContain("caller reset");
      expect(network.connections).toBe(0);
    }
  });

  it("goes silent without telling anybody, until it is reset", () => {
    const { clock, network, caller, server, heard } = talk();
    caller.send(1);
    network.silenceOne();
    caller.send(2);
    server.send(3);
    clock.advance(100_000);
    expect(heard).toEqual([]);
    expect(caller.isOpen).toBe(true);
    network.resetAll();
    clock.advance(1_000);
    expect(heard.sort()).toEqual(["caller reset", "server reset"]);
  });

  it("slows down and stays bounded", () => {
    const { clock, network, caller, heard } = talk(1, 3);
    network.slowOne(5_000);
    for (const number of [1, 2, 3]) caller.send(number);
    expect(() => caller.send(4)).toThrow("more than 3 messages are on their way");
    clock.advance(5_000);
    expect(heard).toEqual([]);
    clock.advance(1_000);
    expect(heard).toEqual(["server 1", "server 2", "server 3"]);
    network.slowOne(5_000);
    network.hastenAll();
    caller.send(4);
    clock.advance(1_000);
    expect(heard).toContain("server 4");
  });

  it("gives the same history for the same seed", () => {
    const history = (seed: number) => {
      const { clock, network, caller, server, heard } = talk(seed);
      for (const number of numbers) (number % 3 === 0 ? server : caller).send(number);
      clock.advance(9);
      network.resetOne();
      clock.advance(1_000);
      return heard.join();
    };
    expect(history(5)).toBe(history(5));
    expect(history(5)).not.toBe(history(6));
  });
});
