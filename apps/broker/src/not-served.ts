/** Part of the plan that brings an RPC, or R2. */
export type Part = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | "R2";

/**
 * The one list of what the contract has and this version does not serve, as `Service/Method`. Such
 * an RPC answers UNIMPLEMENTED with NOT_SERVED_YET; GetBroker lists it.
 */
export const notServed: Readonly<Record<string, Part>> = {
  "BrokerService/ReadAudit": 4,
  "FeedbackService/CancelWait": 5,
  "FeedbackService/GetFeedbackStatistics": 5,
  "FeedbackService/ListExecutions": 5,
  "FeedbackService/ListPendingFeedback": 5,
  "FeedbackService/RematchFeedback": 5,
  "QueryService/Explain": 7,
  "QueryService/GetCausationTree": 7,
  "QueryService/GetEvent": 7,
  "QueryService/GetLag": 7,
  "QueryService/ListEvents": 7,
  "SchemaService/CheckSchema": 7,
  "SchemaService/DeleteSchema": 7,
  "SchemaService/GetSchema": 7,
  "SchemaService/ListSchemas": 7,
  "SchemaService/RegisterSchema": 7,
  "SubscriptionService/Redrive": 7,
};
