import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A way to the broker whose connections can fall silent, in both directions or in one, without being closed. */
export class Relay {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  readonly #stalled = new Set<Socket>();
  /** Of the open ones, those to the broker. */
  readonly #far = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Opens one to an address, on a free port or that one. */
  static async open(target: string, ownPort = 0): Promise<Relay> {
    const { hostname, port } = new URL(`tcp://${target}`);
    const server = createServer();
    const relay = new Relay(server);
    server.on("connection", (near) => relay.#join(near, connect(Number(port), hostname)));
    server.listen(ownPort, "127.0.0.1");
    await once(server, "listening");
    return relay;
  }

  /** Where it listens. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /**
   * From now on nothing passes on the connections that there are, not even their end, as when a
   * machine between lost them; new ones work.
   */
  stall(): void {
    for (const socket of this.#open) {
      this.#stalled.add(socket);
      socket.unpipe();
      socket.pause();
    }
  }

  /**
   * From now on what the broker answers on the connections that there are is lost, while what it is sent
   * still arrives.
   */
  loseAnswers(): void {
    for (const socket of this.#far) socket.unpipe().resume();
  }

  /** Ends the connections that there are. */
  cut(): void {
    for (const socket of this.#open) socket.destroy();
  }

  /** Closes it with all its connections. */
  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  #join(near: Socket, far: Socket): void {
    this.#far.add(far);
    far.on("close", () => this.#far.delete(far));
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#open.add(socket);
      socket.pipe(other);
      // An end without a word is one as well.
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.#open.delete(socket);
        if (!this.#stalled.has(other)) other.destroy();
      });
    }
  }
}
