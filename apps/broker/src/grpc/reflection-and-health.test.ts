import { Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import { HealthStatus, healthService, makeClient, services } from "@opendxa/pubsub-protocol/grpc";
import { expect, it } from "vitest";
import { startEmptyServer } from "./test-server.test-support.js";

const NAMES = ["", ...Object.values(services).map(({ fullName }) => fullName)];

/** ServerReflectionRequest{list_services: ""}. */
const LIST_SERVICES = Buffer.from([0x3a, 0x00]);

it.each(["v1", "v1alpha"])(
  "lists every service and health through reflection %s",
  async (version) => {
    const { server, address } = await startEmptyServer();
    const client = new Client(address, credentials.createInsecure());
    const same = (value: Buffer) => value;
    const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    const call = client.makeBidiStreamRequest(path, same, same);
    const answer = new Promise<Buffer>((resolve, reject) => {
      call.once("data", resolve);
      call.once("error", reject);
    });
    call.write(LIST_SERVICES);
    const text = (await answer).toString("latin1");
    for (const { fullName } of Object.values(services)) expect(text).toContain(fullName);
    expect(text).toContain("grpc.health.v1.Health");
    call.end();
    client.close();
    server.forceShutdown();
  },
);

/** A client of health checking. */
function healthClient(address: string) {
  return makeClient(healthService, { address, credentials: credentials.createInsecure() });
}

it("answers health for the broker and each service", async () => {
  const { server, health, address } = await startEmptyServer();
  const client = healthClient(address);
  const check = (service: string) =>
    new Promise<HealthStatus>((resolve, reject) => {
      client.check({ service }, (error, answer) =>
        error === null && answer !== undefined ? resolve(answer.status) : reject(error),
      );
    });
  for (const isServing of [false, true, false]) {
    health.set(isServing);
    const expected = isServing ? HealthStatus.SERVING : HealthStatus.NOT_SERVING;
    for (const name of NAMES) expect(await check(name)).toBe(expected);
    const listed = await new Promise<object>((resolve, reject) => {
      client.list({}, (error, answer) =>
        error === null && answer !== undefined ? resolve(answer.statuses) : reject(error),
      );
    });
    expect(listed).toEqual(Object.fromEntries(NAMES.map((name) => [name, { status: expected }])));
  }
  await expect(check("nobody.Nothing")).rejects.toMatchObject({ code: status.NOT_FOUND });
  client.close();
  server.forceShutdown();
});

it("tells a watcher each change, and one of an unknown service that it is unknown", async () => {
  const { server, health, address } = await startEmptyServer();
  const client = healthClient(address);
  const watch = (service: string) => {
    const call = client.watch({ service });
    call.on("error", (error: ServiceError) => expect(error.code).toBe(status.CANCELLED));
    return { call, told: call[Symbol.asyncIterator]() };
  };
  const [known, unknown] = [watch(NAMES[1] ?? ""), watch("nobody.Nothing")];
  const next = async ({ told }: ReturnType<typeof watch>) => (await told.next()).value?.status;
  expect(await next(unknown)).toBe(HealthStatus.SERVICE_UNKNOWN);
  expect(await next(known)).toBe(HealthStatus.NOT_SERVING);
  health.set(true);
  expect(await next(known)).toBe(HealthStatus.SERVING);
  health.set(true);
  health.set(false);
  expect(await next(known)).toBe(HealthStatus.NOT_SERVING);
  known.call.cancel();
  unknown.call.cancel();
  client.close();
  server.forceShutdown();
});
