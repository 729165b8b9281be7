import { type IndexLag, supportedCodecs } from "@opendxa/pubsub-protocol";
import type { services } from "@opendxa/pubsub-protocol/grpc";
import type { ServedMethods } from "../grpc/served-methods.js";
import { statedLimits } from "../limits.js";
import type { Namespaces } from "../namespaces.js";
import { notServed } from "../not-served.js";
import { version } from "../version.js";

function lagOf(namespace: string, namespaces: Namespaces): IndexLag {
  const { durableSequence, indexedSequence, indexBehindMs } = namespaces
    .engineOf(namespace)
    .stats();
  return {
    namespace,
    entriesBehind: durableSequence - indexedSequence,
    behindMs: BigInt(Math.round(indexBehindMs)),
  };
}

/** What this broker is and can do. */
export function brokerService(namespaces: Namespaces): ServedMethods<typeof services.broker> {
  return {
    async getBroker() {
      const { info } = namespaces.first;
      const limits = Object.entries(statedLimits).map(([name, value]) => [
        name,
        { value: BigInt(value) },
      ]);
      return {
        version,
        startNumber: info.startNumber,
        startTimeUnixMs: BigInt(info.startTimeMs),
        namespaces: namespaces.names,
        indexEngine: info.indexEngine,
        journal: info.journal,
        limits: Object.fromEntries(limits),
        codecs: [...supportedCodecs()],
        notServed: Object.keys(notServed).sort(),
        indexLags: namespaces.names.map((namespace) => lagOf(namespace, namespaces)),
      };
    },
  };
}
