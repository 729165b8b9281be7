// Generated from proto/ by scripts/generate.mjs. DO NOT EDIT.

import type { FeedbackEvent, LearningEvent, FunctionExecution, FunctionFeedback, FunctionUpdate, DriftDetected, MonitoringCompleted, MonitoringPerformanceDegraded, HumanValidation, ModelRetrained, AlertResolved, MlflowValidation, FeedbackExpired, PatternDetected, FalsePositiveDetected, RegenerationNeeded, Regenerated, EnhancementCompleted, CreateExternalAlert, ExternalAlertCreated, TranspilationCompleted } from "./opendxa/pubsub/v1/poet_events.js";

/** The message of each typed event, by the type of its envelope. */
export interface PoetEvents {
  /** Feedback on one execution: envelope type `feedback`, topic `poet/functions/<function>/feedback` or the short name `feedback`. */
  "feedback": FeedbackEvent;
  /** What was learned: envelope type `learning`, topic `learning`. */
  "learning": LearningEvent;
  /** Type `function.execution`: a function ran. */
  "function.execution": FunctionExecution;
  /** Type `function.feedback`: feedback of the routing layer. */
  "function.feedback": FunctionFeedback;
  /** Type `function.update`: a function has a new version. */
  "function.update": FunctionUpdate;
  /** Type `drift.detected`: a monitor found drift. */
  "drift.detected": DriftDetected;
  /** Type `monitoring.completed`: a monitoring run ended. */
  "monitoring.completed": MonitoringCompleted;
  /** Type `monitoring.performance_degraded`: a monitoring run found degradation. */
  "monitoring.performance_degraded": MonitoringPerformanceDegraded;
  /** Type `feedback.human_validation`: a person judged a finding. */
  "feedback.human_validation": HumanValidation;
  /** Type `feedback.model_retrained`: a model was retrained because of a finding. */
  "feedback.model_retrained": ModelRetrained;
  /** Type `feedback.alert_resolved`: an alert's incident was resolved. */
  "feedback.alert_resolved": AlertResolved;
  /** Type `feedback.mlflow_validation`: an MLflow model version was judged. */
  "feedback.mlflow_validation": MlflowValidation;
  /** Type `feedback.expired`: a wait or an execution passed its deadline without its feedback. */
  "feedback.expired": FeedbackExpired;
  /** Type `learning.pattern_detected`: several feedbacks show a pattern. */
  "learning.pattern_detected": PatternDetected;
  /** Type `learning.false_positive_detected`: a finding was false. */
  "learning.false_positive_detected": FalsePositiveDetected;
  /** Type `enhancement.regeneration_needed`: a function should be generated anew. */
  "enhancement.regeneration_needed": RegenerationNeeded;
  /** Type `enhancement.regenerated`: a function was generated anew. */
  "enhancement.regenerated": Regenerated;
  /** Type `enhancement.completed`: a function was enhanced. */
  "enhancement.completed": EnhancementCompleted;
  /** Type `alert.create_external`: asks a connector to open an alert. */
  "alert.create_external": CreateExternalAlert;
  /** Type `alert.created_external`: a connector opened an alert. */
  "alert.created_external": ExternalAlertCreated;
  /** Type `transpilation.completed`: a Dana function was transpiled. */
  "transpilation.completed": TranspilationCompleted;
}

/** The name of each typed event's message, by the type of its envelope. */
export const poetEventMessages = {
  "feedback": "FeedbackEvent",
  "learning": "LearningEvent",
  "function.execution": "FunctionExecution",
  "function.feedback": "FunctionFeedback",
  "function.update": "FunctionUpdate",
  "drift.detected": "DriftDetected",
  "monitoring.completed": "MonitoringCompleted",
  "monitoring.performance_degraded": "MonitoringPerformanceDegraded",
  "feedback.human_validation": "HumanValidation",
  "feedback.model_retrained": "ModelRetrained",
  "feedback.alert_resolved": "AlertResolved",
  "feedback.mlflow_validation": "MlflowValidation",
  "feedback.expired": "FeedbackExpired",
  "learning.pattern_detected": "PatternDetected",
  "learning.false_positive_detected": "FalsePositiveDetected",
  "enhancement.regeneration_needed": "RegenerationNeeded",
  "enhancement.regenerated": "Regenerated",
  "enhancement.completed": "EnhancementCompleted",
  "alert.create_external": "CreateExternalAlert",
  "alert.created_external": "ExternalAlertCreated",
  "transpilation.completed": "TranspilationCompleted",
} as const;

/** Fields of the messages of typed events, by message. */
export const poetFields = {
  FeedbackEvent: [
    {"name":"function_id","property":"functionId","cardinality":"required","kind":"string"},
    {"name":"execution_id","property":"executionId","cardinality":"required","kind":"string"},
    {"name":"timestamp","property":"timestamp","cardinality":"required","kind":"string"},
    {"name":"feedback_type","property":"feedbackType","cardinality":"required","kind":"string"},
    {"name":"metrics","property":"metrics","cardinality":"map","kind":"number"},
    {"name":"context","property":"context","cardinality":"map","kind":"any"},
    {"name":"suggestions","property":"suggestions","cardinality":"list","kind":"string"},
    {"name":"rating","property":"rating","cardinality":"optional","kind":"number"},
    {"name":"comments","property":"comments","cardinality":"optional","kind":"string"},
    {"name":"version","property":"version","cardinality":"optional","kind":"string"},
    {"name":"source","property":"source","cardinality":"optional","kind":"string"},
    {"name":"supersedes","property":"supersedes","cardinality":"optional","kind":"string"},
    {"name":"retracted","property":"retracted","cardinality":"optional","kind":"boolean"},
  ],
  LearningEvent: [
    {"name":"function_id","property":"functionId","cardinality":"required","kind":"string"},
    {"name":"version","property":"version","cardinality":"required","kind":"string"},
    {"name":"timestamp","property":"timestamp","cardinality":"required","kind":"string"},
    {"name":"learning_type","property":"learningType","cardinality":"required","kind":"string"},
    {"name":"changes","property":"changes","cardinality":"map","kind":"any"},
    {"name":"metrics","property":"metrics","cardinality":"map","kind":"number"},
  ],
  ResourceUsage: [
    {"name":"memory_mb","property":"memoryMb","cardinality":"optional","kind":"number"},
    {"name":"cpu_percent","property":"cpuPercent","cardinality":"optional","kind":"number"},
  ],
  ExecutionMetrics: [
    {"name":"duration_ms","property":"durationMs","cardinality":"optional","kind":"number"},
    {"name":"memory_mb","property":"memoryMb","cardinality":"optional","kind":"number"},
    {"name":"cpu_percent","property":"cpuPercent","cardinality":"optional","kind":"number"},
  ],
  ExecutionError: [
    {"name":"type","property":"type","cardinality":"required","kind":"string"},
    {"name":"message","property":"message","cardinality":"required","kind":"string"},
    {"name":"stack_trace","property":"stackTrace","cardinality":"optional","kind":"string"},
  ],
  FunctionExecution: [
    {"name":"function_name","property":"functionName","cardinality":"required","kind":"string"},
    {"name":"version","property":"version","cardinality":"required","kind":"string"},
    {"name":"execution_id","property":"executionId","cardinality":"required","kind":"string"},
    {"name":"start_time","property":"startTime","cardinality":"required","kind":"string"},
    {"name":"end_time","property":"endTime","cardinality":"required","kind":"string"},
    {"name":"status","property":"status","cardinality":"required","kind":"string"},
    {"name":"metrics","property":"metrics","cardinality":"optional","kind":"message","message":"ExecutionMetrics"},
    {"name":"error","property":"error","cardinality":"optional","kind":"message","message":"ExecutionError"},
  ],
  FunctionFeedbackMetrics: [
    {"name":"success_rate","property":"successRate","cardinality":"optional","kind":"number"},
    {"name":"avg_duration","property":"avgDuration","cardinality":"optional","kind":"number"},
    {"name":"error_rate","property":"errorRate","cardinality":"optional","kind":"number"},
  ],
  FunctionFeedback: [
    {"name":"function_name","property":"functionName","cardinality":"required","kind":"string"},
    {"name":"version","property":"version","cardinality":"required","kind":"string"},
    {"name":"execution_id","property":"executionId","cardinality":"required","kind":"string"},
    {"name":"feedback_type","property":"feedbackType","cardinality":"required","kind":"string"},
    {"name":"rating","property":"rating","cardinality":"optional","kind":"number"},
    {"name":"comments","property":"comments","cardinality":"optional","kind":"string"},
    {"name":"metrics","property":"metrics","cardinality":"optional","kind":"message","message":"FunctionFeedbackMetrics"},
    {"name":"suggestions","property":"suggestions","cardinality":"list","kind":"string"},
  ],
  FunctionChange: [
    {"name":"type","property":"type","cardinality":"required","kind":"string"},
    {"name":"description","property":"description","cardinality":"required","kind":"string"},
  ],
  FunctionUpdate: [
    {"name":"function_name","property":"functionName","cardinality":"required","kind":"string"},
    {"name":"old_version","property":"oldVersion","cardinality":"required","kind":"string"},
    {"name":"new_version","property":"newVersion","cardinality":"required","kind":"string"},
    {"name":"reason","property":"reason","cardinality":"required","kind":"string"},
    {"name":"changes","property":"changes","cardinality":"list","kind":"message","message":"FunctionChange"},
  ],
  DataCharacteristics: [
    {"name":"sample_size","property":"sampleSize","cardinality":"required","kind":"uint64"},
    {"name":"data_type","property":"dataType","cardinality":"required","kind":"string"},
    {"name":"missing_values_percent","property":"missingValuesPercent","cardinality":"optional","kind":"number"},
  ],
  DriftDetected: [
    {"name":"execution_id","property":"executionId","cardinality":"required","kind":"string"},
    {"name":"function_name","property":"functionName","cardinality":"required","kind":"string"},
    {"name":"model_name","property":"modelName","cardinality":"required","kind":"string"},
    {"name":"feature_name","property":"featureName","cardinality":"required","kind":"string"},
    {"name":"drift_score","property":"driftScore","cardinality":"required","kind":"number"},
    {"name":"method","property":"method","cardinality":"required","kind":"string"},
    {"name":"statistical_significance","property":"statisticalSignificance","cardinality":"required","kind":"number"},
    {"name":"data_characteristics","property":"dataCharacteristics","cardinality":"optional","kind":"message","message":"DataCharacteristics"},
  ],
  MonitoringCompleted: [
    {"name":"execution_id","property":"executionId","cardinality":"required","kind":"string"},
    {"name":"function_name","property":"functionName","cardinality":"required","kind":"string"},
    {"name":"model_name","property":"modelName","cardinality":"required","kind":"string"},
    {"name":"features_monitored","property":"featuresMonitored","cardinality":"list","kind":"string"},
    {"name":"overall_health","property":"overallHealth","cardinality":"required","kind":"string"},
    {"name":"execution_time_ms","property":"executionTimeMs","cardinality":"required","kind":"number"},
    {"name":"resource_usage","property":"resourceUsage","cardinality":"optional","kind":"message","message":"ResourceUsage"},
  ],
  MonitoringPerformanceDegraded: [
    {"name":"execution_id","property":"executionId","cardinality":"required","kind":"string"},
    {"name":"function_name","property":"functionName","cardinality":"required","kind":"string"},
    {"name":"model_name","property":"modelName","cardinality":"required","kind":"string"},
    {"name":"features_monitored","property":"featuresMonitored","cardinality":"list","kind":"string"},
    {"name":"overall_health","property":"overallHealth","cardinality":"required","kind":"string"},
    {"name":"execution_time_ms","property":"executionTimeMs","cardinality":"required","kind":"number"},
    {"name":"resource_usage","property":"resourceUsage","cardinality":"optional","kind":"message","message":"ResourceUsage"},
    {"name":"degraded","property":"degraded","cardinality":"list","kind":"string"},
  ],
  HumanValidation: [
    {"name":"execution_id","property":"executionId","cardinality":"required","kind":"string"},
    {"name":"validation_type","property":"validationType","cardinality":"required","kind":"string"},
    {"name":"was_real_drift","property":"wasRealDrift","cardinality":"required","kind":"boolean"},
    {"name":"confidence","property":"confidence","cardinality":"optional","kind":"number"},
    {"name":"reason","property":"reason","cardinality":"required","kind":"string"},
    {"name":"business_context","property":"businessContext","cardinality":"optional","kind":"string"},
    {"name":"investigation_time_minutes","property":"investigationTimeMinutes","cardinality":"required","kind":"number"},
  ],
  ModelRetrained: [
    {"name":"execution_id","property":"executionId","cardinality":"required","kind":"string"},
    {"name":"model_name","property":"modelName","cardinality":"required","kind":"string"},
    {"name":"performance_before","property":"performanceBefore","cardinality":"required","kind":"number"},
    {"name":"performance_after","property":"performanceAfter","cardinality":"required","kind":"number"},
    {"name":"retraining_cost_usd","property":"retrainingCostUsd","cardinality":"required","kind":"number"},
    {"name":"improvement_confirmed","property":"improvementConfirmed","cardinality":"required","kind":"boolean"},
  ],
  AlertResolved: [
    {"name":"execution_id","property":"executionId","cardinality":"required","kind":"string"},
    {"name":"resolution_type","property":"resolutionType","cardinality":"required","kind":"string"},
    {"name":"resolution_time_minutes","property":"resolutionTimeMinutes","cardinality":"optional","kind":"number"},
    {"name":"was_useful","property":"wasUseful","cardinality":"optional","kind":"boolean"},
  ],
  MlflowValidation: [
    {"name":"execution_id","property":"executionId","cardinality":"required","kind":"string"},
    {"name":"validation_type","property":"validationType","cardinality":"required","kind":"string"},
    {"name":"experiment_id","property":"experimentId","cardinality":"optional","kind":"string"},
    {"name":"confidence","property":"confidence","cardinality":"optional","kind":"number"},
  ],
  FeedbackExpired: [
    {"name":"execution_id","property":"executionId","cardinality":"required","kind":"string"},
    {"name":"function_name","property":"functionName","cardinality":"required","kind":"string"},
    {"name":"waited_ms","property":"waitedMs","cardinality":"required","kind":"uint64"},
    {"name":"policy","property":"policy","cardinality":"required","kind":"string"},
  ],
  PatternEvidence: [
    {"name":"sample_size","property":"sampleSize","cardinality":"required","kind":"uint64"},
    {"name":"correlation_strength","property":"correlationStrength","cardinality":"optional","kind":"number"},
    {"name":"business_impact","property":"businessImpact","cardinality":"required","kind":"string"},
  ],
  PatternDetected: [
    {"name":"pattern_type","property":"patternType","cardinality":"required","kind":"string"},
    {"name":"affected_functions","property":"affectedFunctions","cardinality":"list","kind":"string"},
    {"name":"confidence","property":"confidence","cardinality":"optional","kind":"number"},
    {"name":"evidence","property":"evidence","cardinality":"optional","kind":"message","message":"PatternEvidence"},
    {"name":"recommended_action","property":"recommendedAction","cardinality":"required","kind":"string"},
  ],
  FalsePositiveDetected: [
    {"name":"execution_id","property":"executionId","cardinality":"required","kind":"string"},
    {"name":"model_name","property":"modelName","cardinality":"required","kind":"string"},
    {"name":"wasted_cost","property":"wastedCost","cardinality":"required","kind":"number"},
    {"name":"adjustment_needed","property":"adjustmentNeeded","cardinality":"required","kind":"string"},
  ],
  RegenerationNeeded: [
    {"name":"function_name","property":"functionName","cardinality":"required","kind":"string"},
    {"name":"reason","property":"reason","cardinality":"required","kind":"string"},
    {"name":"feedback_evidence","property":"feedbackEvidence","cardinality":"list","kind":"string"},
  ],
  ExpectedImpact: [
    {"name":"false_positive_reduction","property":"falsePositiveReduction","cardinality":"optional","kind":"number"},
    {"name":"accuracy_improvement","property":"accuracyImprovement","cardinality":"optional","kind":"number"},
    {"name":"cost_reduction","property":"costReduction","cardinality":"optional","kind":"number"},
  ],
  Regenerated: [
    {"name":"function_name","property":"functionName","cardinality":"required","kind":"string"},
    {"name":"old_version","property":"oldVersion","cardinality":"required","kind":"string"},
    {"name":"new_version","property":"newVersion","cardinality":"required","kind":"string"},
    {"name":"regeneration_reason","property":"regenerationReason","cardinality":"required","kind":"string"},
    {"name":"improvements","property":"improvements","cardinality":"list","kind":"string"},
    {"name":"expected_impact","property":"expectedImpact","cardinality":"optional","kind":"message","message":"ExpectedImpact"},
  ],
  EnhancementCompleted: [
    {"name":"function_name","property":"functionName","cardinality":"required","kind":"string"},
    {"name":"domain","property":"domain","cardinality":"required","kind":"string"},
    {"name":"enhancement_version","property":"enhancementVersion","cardinality":"required","kind":"string"},
    {"name":"generated_features","property":"generatedFeatures","cardinality":"list","kind":"string"},
  ],
  CreateExternalAlert: [
    {"name":"alert_type","property":"alertType","cardinality":"required","kind":"string"},
    {"name":"severity","property":"severity","cardinality":"required","kind":"string"},
    {"name":"model_name","property":"modelName","cardinality":"required","kind":"string"},
    {"name":"feature_name","property":"featureName","cardinality":"required","kind":"string"},
    {"name":"drift_score","property":"driftScore","cardinality":"required","kind":"number"},
    {"name":"feedback_url","property":"feedbackUrl","cardinality":"required","kind":"string"},
    {"name":"investigation_priority","property":"investigationPriority","cardinality":"required","kind":"string"},
    {"name":"execution_id","property":"executionId","cardinality":"required","kind":"string"},
  ],
  ExternalAlertCreated: [
    {"name":"external_id","property":"externalId","cardinality":"required","kind":"string"},
    {"name":"execution_id","property":"executionId","cardinality":"required","kind":"string"},
    {"name":"system","property":"system","cardinality":"required","kind":"string"},
  ],
  TranspilationCompleted: [
    {"name":"function_name","property":"functionName","cardinality":"required","kind":"string"},
    {"name":"dana_source","property":"danaSource","cardinality":"required","kind":"string"},
    {"name":"python_output","property":"pythonOutput","cardinality":"required","kind":"string"},
    {"name":"transpilation_time_ms","property":"transpilationTimeMs","cardinality":"required","kind":"number"},
  ],
} as const;
