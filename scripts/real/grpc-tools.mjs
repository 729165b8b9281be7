// Tools that know nothing of us: grpcurl lists and calls the services through reflection, and grpc-health-probe
// sees SERVING. Both come from the Go module proxy into .cache/go, once.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { startBrokerProcess } from "../task/broker-process.mjs";
import { CACHE } from "../task/paths.mjs";
import { isDownloadFailure, run, runDownload } from "../task/process.mjs";

const TOOLS = {
  grpcurl: "github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3",
  "grpc-health-probe": "github.com/grpc-ecosystem/grpc-health-probe@v0.4.38",
};
const SERVICES = [
  "Broker",
  "Feedback",
  "Publisher",
  "Query",
  "Subscriber",
  "Subscription",
  "Topic",
];
const BIN = join(CACHE, "go", "bin");

/** Why the tools cannot be had, or undefined when they are here. */
async function installTools() {
  if ((await run(["go", "version"], { quiet: true })).code !== 0) return "no Go on PATH";
  for (const [name, module] of Object.entries(TOOLS)) {
    if (existsSync(join(BIN, name))) continue;
    const { code, output } = await runDownload(["go", "install", module], {
      quiet: true,
      env: { GOBIN: BIN },
    });
    if (code === 0) continue;
    if (isDownloadFailure(output)) return `${name} cannot be downloaded from here`;
    throw new Error(`${name} cannot be built:\n${output}`);
  }
  return undefined;
}

const grpcurl = (...args) => run([join(BIN, "grpcurl"), "-plaintext", ...args], { quiet: true });

/** What is tried: a name, the call, and what its output must hold. */
function trials(address) {
  const call = (method, data) =>
    grpcurl("-d", JSON.stringify(data), address, `opendxa.pubsub.v1.${method}`);
  return [
    ...SERVICES.map((service) => [
      `lists ${service}Service`,
      () => grpcurl(address, "list"),
      `opendxa.pubsub.v1.${service}Service`,
    ]),
    [
      "describes an RPC",
      () => grpcurl(address, "describe", "opendxa.pubsub.v1.PublisherService.Publish"),
      "PublishRequest",
    ],
    ["calls GetBroker", () => call("BrokerService/GetBroker", {}), "{"],
    [
      "creates a topic",
      () => call("TopicService/CreateTopic", { name: "tools/made" }),
      "tools/made",
    ],
    ["finds the topic", () => call("TopicService/GetTopic", { name: "tools/made" }), "tools/made"],
    [
      "sees SERVING",
      () => run([join(BIN, "grpc-health-probe"), `-addr=${address}`], { quiet: true }),
      "SERVING",
    ],
  ];
}

const missing = await installTools();
if (missing !== undefined) {
  console.log(`skipped: grpc-tools: ${missing}\n0 passed, 0 failed, 1 skipped`);
} else {
  const broker = await startBrokerProcess();
  let [passed, failed] = [0, 0];
  for (const [name, act, expected] of trials(broker.grpc)) {
    const { code, output } = await act();
    const isRight = code === 0 && output.includes(expected);
    if (isRight) passed += 1;
    else failed += 1;
    console.log(`${isRight ? "ok" : "FAILED"} ${name}${isRight ? "" : `\n${output}`}`);
  }
  await broker.stop();
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
