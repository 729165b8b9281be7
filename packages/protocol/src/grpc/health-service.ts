/** gRPC's own health checking, `grpc.health.v1.Health`, as generated. */
export {
  HealthCheckResponse_ServingStatus as HealthStatus,
  HealthDefinition as healthService,
} from "../gen/grpc/health/v1/health.js";
