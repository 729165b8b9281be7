import { Client, credentials, makeGenericClientConstructor } from "@grpc/grpc-js";
import { services } from "@opendxa/pubsub-protocol/grpc";
import { service as healthService } from "grpc-health-check";
import { expect, it } from "vitest";
import { startEmptyServer } from "./test-server.test-support.js";

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

it("answers health for the broker and each service", async () => {
  const { server, health, address } = await startEmptyServer();
  const Health = makeGenericClientConstructor(healthService, "Health");
  const client = new Health(address, credentials.createInsecure());
  const check = (service: string) =>
    new Promise((resolve, reject) => {
      client["check"]?.({ service }, (error: unknown, answer: { status: string }) =>
        error ? reject(error) : resolve(answer.status),
      );
    });
  for (const isServing of [false, true, false]) {
    health.set(isServing);
    for (const name of ["", ...Object.values(services).map(({ fullName }) => fullName)]) {
      expect(await check(name)).toBe(isServing ? "SERVING" : "NOT_SERVING");
    }
  }
  client.close();
  server.forceShutdown();
});
