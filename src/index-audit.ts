/** The part of the public library that judges histories, whoever wrote them. */
export { type AuditComparison, compareAudits, type LastingFinding } from './audit/compare.ts';
export {
  type Converted,
  type ConvertOptions,
  convertHistories,
} from './audit/convert-histories.ts';
export { type AuditOptions, auditHistory } from './audit/engine.ts';
export type {
  AuditCertificate,
  AuditRevocationList,
  CertificateEvidence,
  Revocation,
} from './audit/evidence.ts';
export type {
  AuditCheckDetails,
  AuditFinding,
  AuditResult,
  AuditSource,
  AuditStatistics,
  FindingDetail,
  FindingResource,
} from './audit/finding.ts';
export {
  DESCRIBED_RELATED_MAX,
  describeFinding,
  type FindingFilter,
  filterFindings,
  listRelatedResources,
  type RelatedPage,
} from './audit/findings.ts';
export { CHECKS } from './audit/registry.ts';
export { resourceName } from './audit/resource-name.ts';
export {
  runScheduledAudit,
  type ScheduledRun,
  type ScheduledRunRequest,
} from './audit/run-scheduled.ts';
export {
  DAYS_OF_WEEK,
  type DayOfWeek,
  FREQUENCIES,
  type Frequency,
  latestDue,
  nextDue,
  type ScheduledAudit,
} from './audit/schedule.ts';
export {
  type KeptSchedule,
  keptSchedules,
  loadSchedule,
  putSchedule,
  removeSchedule,
} from './audit/schedule-folder.ts';
export type { ScheduleState } from './audit/scheduled-run.ts';
export {
  AUDIT_SEMANTICS,
  type AuditSemantics,
  AWS_COMPAT,
  STRICT,
} from './audit/semantics.ts';
export {
  type AuditSuppression,
  IDENTIFIER_KEYS,
  isExpired,
  type SuppressionUse,
  suppressionKey,
  suppressionName,
} from './audit/suppression.ts';
export { parseSuppression } from './audit/suppression-entry.ts';
export {
  addSuppression,
  readSuppressions,
  removeSuppressions,
  suppressionsFile,
} from './audit/suppression-file.ts';
export {
  type AuditTaskFields,
  type DescribedAuditTask,
  describeTask,
} from './audit/task.ts';
export {
  findTask,
  type KeptTask,
  keepTask,
  keptTasks,
  RETENTION_DAYS,
  readAudit,
  readTask,
} from './audit/task-folder.ts';
export { isAuditResult, type TaskRecord } from './audit/task-record.ts';
export { parseInstant } from './audit/windows.ts';
export { type HistoryInfo, historyInfo, type InfoOptions } from './history/columnar/info.ts';
export type {
  CloseReason,
  ConnectionEvent,
  HistoryHeader,
  HistoryTrailer,
} from './history/event.ts';
export { parseColumns } from './history/formats/columns.ts';
export { FORMAT_IDS, type FormatId } from './history/formats/format.ts';
export { FORMATS } from './history/formats/registry.ts';
export { parseZone } from './history/formats/stamps.ts';
export { type IdentityMap, readIdentityMap } from './history/inputs/identity-map.ts';
export type { Disagreement, DisagreementKind } from './history/join/disagreement.ts';
export { DISAGREEMENTS } from './history/join/disagreement.ts';
export { joinHistory } from './history/join/join-histories.ts';
export type { JoinedSession, JoinReport } from './history/join/join-report.ts';
export { type Observability, observabilityOf } from './history/join/observability.ts';
export { type TimelineLine, timelineOf } from './history/join/timeline.ts';
export type { LoadOptions } from './history/load.ts';
