import type { Connector } from "../connector.js";
import { mapMlflow, mlflowMemoryKeys } from "./map.js";
import { parseMlflow } from "./parse.js";
import { verifyMlflow } from "./verify.js";

/** MLflow registry webhooks (checked against captures of MLflow 3.17.2). */
export const mlflowConnector: Connector = {
  system: "mlflow",
  verify: verifyMlflow,
  parse: parseMlflow,
  dedupId: (verified) => verified.deliveryId,
  memoryKeys: mlflowMemoryKeys,
  map: mapMlflow,
};
