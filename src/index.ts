/**
 * The public library: all that the command line does. Importing it has no side effects, and heavy
 * dependencies (DuckDB, mqtt, aedes, node-forge) are loaded when they are first needed.
 */
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
export { RECONNECT_POLICIES } from './behaviour/reconnect.ts';
export { BEHAVIOURS } from './behaviour/registry.ts';
export type { BrokerAdapter, BrokerCapabilities, BrokerEndpoint } from './broker/adapter.ts';
export { externalBroker, parseBrokerUrl } from './broker/external/adapter.ts';
export { BROKERS } from './broker/registry.ts';
export { isLoopback } from './broker/target.ts';
export {
  EXIT,
  type ExitCode,
  fileError,
  formatProblem,
  type Problem,
  UserError,
} from './core/errors.ts';
export { writeFileAtomic } from './core/files.ts';
export {
  CHECK_IDS,
  type CheckId,
  DIAGNOSES,
  type Diagnosis,
  type FixId,
  type MqttVersion,
} from './core/ids.ts';
export { nearest, plural, printable } from './core/text.ts';
export { formatDuration, parseDurationMs } from './core/time.ts';
export type { Distribution, FleetStatistics } from './fleet/statistics.ts';
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
export type { LoadOptions } from './history/load.ts';
export {
  type CertificateSources,
  loadCertificateEvidence,
} from './identity/certificate-evidence.ts';
export { REVOCATION_REASONS, type RevokedCertificate } from './identity/crl.ts';
export { buildCrl, type CrlContent, crlPem } from './identity/crl-build.ts';
export { ensureDevices } from './identity/ensure-devices.ts';
export { ensureServer } from './identity/ensure-server.ts';
export { exportCredentials } from './identity/export-credentials.ts';
export { importDevices } from './identity/import-devices.ts';
export { listCertificates } from './identity/list-certificates.ts';
export { storeNameFor } from './identity/names.ts';
export { type ShownCertificate, showCertificate } from './identity/show-certificate.ts';
export { openStore, type Store } from './identity/store.ts';
export { importAuthority, loadAuthority } from './identity/store-authority.ts';
export { type Credential, KEY_TYPES, type KeyType } from './identity/types.ts';
export { verifyStore } from './identity/verify-store.ts';
export {
  type AuditExport,
  DEFAULT_ACCOUNT,
  DEFAULT_REGION,
  type ExportId,
  type ExportOptions,
  type PreviousAudit,
} from './report/exports/export.ts';
export { parsePrevious } from './report/exports/previous.ts';
export { checkExportOptions, EXPORTS, renderExport } from './report/exports/registry.ts';
export { renderFindings } from './report/findings-table.ts';
export { renderJson } from './report/json.ts';
export { renderJunit } from './report/junit.ts';
export type { BlastRadius, Report, RunReport } from './report/report.ts';
export { type Style, table, terminalStyle, wrap } from './report/style.ts';
export { renderBlastRadius, renderFixedRadius, renderReport, renderRun } from './report/text.ts';
export { loadAllowedTargets } from './run/allowed-targets.ts';
export { blastRadius } from './run/blast-radius.ts';
export type { Caps } from './run/caps.ts';
export type { BrokerChoice, RunObserver, RunOptions, RunProgress } from './run/ports.ts';
export { runScenario } from './run/run-scenario.ts';
export { toolVersion } from './run/tool-version.ts';
export { readTrustFile } from './run/trust-file.ts';
export type { ScenarioOverrides } from './scenario/change.ts';
export { FIXES } from './scenario/fixes/registry.ts';
export { builtInScenarios, type LoadedScenario, loadScenario } from './scenario/load.ts';
export type { FleetPlan, PlannedDevice, PlannedGroup } from './scenario/plan.ts';
export { type PlanOptions, planScenario } from './scenario/prepare.ts';
export { type Scenario, scenarioJsonSchema } from './scenario/schema.ts';
export { METRICS } from './scenario/thresholds.ts';
export type { ExpectationResult, Verdict } from './verdict/expectation.ts';
export { mergeOutcomes, type Outcome } from './verdict/outcome.ts';
