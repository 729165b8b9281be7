import { type Server, status } from "@grpc/grpc-js";
import { addService, HealthStatus, healthService, services } from "@opendxa/pubsub-protocol/grpc";

/** Names that answer health checks: the whole broker, and every service of the contract. */
const NAMES: readonly string[] = ["", ...Object.values(services).map(({ fullName }) => fullName)];

/** Tells one watcher what holds from now on. */
type Watcher = (now: HealthStatus) => void;

/**
 * Whether the broker accepts requests, as `grpc.health.v1.Health` and the HTTP door tell it. All
 * services serve or none does, so that there is one status for all names.
 */
export class Health {
  readonly #watchers = new Set<Watcher>();
  #isServing = false;

  /** The broker accepts requests. */
  get isServing(): boolean {
    return this.#isServing;
  }

  /** Says so, or not any more, for the broker and each of its services. */
  set(isServing: boolean): void {
    if (this.#isServing === isServing) return;
    this.#isServing = isServing;
    for (const tell of this.#watchers) tell(this.#status);
  }

  /** Answers checks on a server. */
  addToServer(server: Server): void {
    addService(server, healthService, {
      check: ({ request: { service } }, callback) => {
        if (NAMES.includes(service)) callback(null, { status: this.#status });
        else callback({ code: status.NOT_FOUND, details: `there is no service ${service}` });
      },
      list: (_call, callback) => {
        const each = NAMES.map((name) => [name, { status: this.#status }]);
        callback(null, { statuses: Object.fromEntries(each) });
      },
      watch: (call) => {
        if (!NAMES.includes(call.request.service)) {
          // The protocol's word: the call stays open, as the service might come.
          call.write({ status: HealthStatus.SERVICE_UNKNOWN });
          return;
        }
        const tell: Watcher = (now) => call.write({ status: now });
        this.#watchers.add(tell);
        call.on("cancelled", () => this.#watchers.delete(tell));
        tell(this.#status);
      },
    });
  }

  get #status(): HealthStatus {
    return this.#isServing ? HealthStatus.SERVING : HealthStatus.NOT_SERVING;
  }
}
