import { type Answer, DriverProcess } from "./driver-process.js";
import type { Language } from "./languages.js";

/** Client name of the steps that another client library carries out, where there is one. */
const PEER = "peer";

/** The drivers of one case: that of the language under test, and its peer's once it is asked for. */
export class Drivers {
  readonly #own: DriverProcess;
  readonly #startPeer: () => DriverProcess;
  #peer: DriverProcess | undefined;

  /** Starts the driver of a language. */
  constructor(own: Language, peer: Language, env: Readonly<Record<string, string>>) {
    this.#own = new DriverProcess(own.command, env);
    this.#startPeer = () => new DriverProcess(peer.command, env);
  }

  /** Newest lines of what the drivers said beside their answers. */
  get stderr(): readonly string[] {
    return [...this.#own.stderr, ...(this.#peer?.stderr ?? [])];
  }

  /** Asks the driver that the client's name belongs to. */
  async ask(op: string, client: string, args: unknown): Promise<Answer> {
    if (client !== PEER) return await this.#own.ask(op, client, args);
    if (this.#peer === undefined) {
      this.#peer = this.#startPeer();
      await this.#peer.ready();
    }
    return await this.#peer.ask(op, client, args);
  }

  /** Kills a client's process; it starts anew when it is asked again. */
  async kill(client: string): Promise<void> {
    if (client !== PEER) throw new Error(`only ${PEER} has a process of its own, not ${client}`);
    await this.#peer?.kill();
    this.#peer = undefined;
  }

  /** Resolves when the driver of the language takes requests. */
  async ready(): Promise<void> {
    await this.#own.ready();
  }

  /** Ends them. */
  async stop(): Promise<void> {
    await Promise.all([this.#own.stop(), this.#peer?.stop()]);
  }
}
