import type { Connector, ConnectorSystem } from "./connector.js";
import { mlflowConnector } from "./mlflow/mlflow-connector.js";
import { pagerDutyConnector } from "./pagerduty/pager-duty-connector.js";

/** Every connector by its system. */
export const connectors: Readonly<Record<ConnectorSystem, Connector>> = {
  mlflow: mlflowConnector,
  pagerduty: pagerDutyConnector,
};

/** The connector of a system named in a path or a configuration; undefined for any other name. */
export function connectorFor(system: string): Connector | undefined {
  return Object.hasOwn(connectors, system) ? connectors[system as ConnectorSystem] : undefined;
}
