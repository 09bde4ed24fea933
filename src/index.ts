/**
 * The public library: all that the command line does. Importing it has no side effects, and heavy
 * dependencies (DuckDB, mqtt, aedes, node-forge) are loaded when they are first needed.
 */

export { RECONNECT_POLICIES } from './behaviour/reconnect.ts';
export { BEHAVIOURS } from './behaviour/registry.ts';
export type { BrokerAdapter, BrokerEndpoint } from './broker/adapter.ts';
export type { BrokerCapabilities } from './broker/capabilities.ts';
export { CAPABILITY_TITLES, type CapabilityId } from './broker/capabilities.ts';
export type { BrokerConfiguration } from './broker/configuration.ts';
export { type Controlled, type Quarantine, withControls } from './broker/controls.ts';
export { externalBroker, parseBrokerUrl } from './broker/external/adapter.ts';
export type { EvidenceFeed } from './broker/external/evidence-feed.ts';
export type { Harden, Hardened } from './broker/hardening.ts';
export { loadConfiguration, loadConfigurations } from './broker/load-configuration.ts';
export { claimedCapabilities, unknownCapabilities } from './broker/profiles/claims.ts';
export type { BrokerProfile, ProfileId } from './broker/profiles/profile.ts';
export { findProfile, PROFILES } from './broker/profiles/registry.ts';
export { BROKERS } from './broker/registry.ts';
export { isLoopback } from './broker/target.ts';
export type { BrokerRule, BrokerRuleId, ClientIdBinding } from './core/broker-rule.ts';
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
export { shellWord } from './core/shell-word.ts';
export { nearest, plural, printable } from './core/text.ts';
export { formatDuration, parseDurationMs } from './core/time.ts';
export { type EffectRow, type EffectUnit, effectRows } from './effects/effect-rows.ts';
export type { FixEffects, TheftTrial } from './effects/fix-effects.ts';
export { RUN_COMMANDS, type RunCommand } from './engine/commands.ts';
export { commandRun, engineOverview } from './engine/engine-desk.ts';
export type { EngineOverview, RunState, WorkerState } from './engine/presence.ts';
export {
  isRedisUrl,
  parseRedisUrl,
  type RedisAddress,
  type RedisAddressOptions,
  withoutPassword,
} from './engine/redis-address.ts';
export { type RedisEngineOptions, redisEngine } from './engine/redis-engine.ts';
export type { FixPass, FixReport } from './fixing/fix-result.ts';
export type { OpenFinding } from './fixing/open-finding.ts';
export type { Proposal, Suggestion } from './fixing/proposal.ts';
export type { Distribution, FleetStatistics } from './fleet/statistics.ts';
export {
  type CertificateSources,
  loadCertificateEvidence,
} from './identity/certificate-evidence.ts';
export { type FileCredential, readCredentialFiles } from './identity/credential-files.ts';
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
export * from './index-audit.ts';
export { displayWidth, fitTo } from './live/display-width.ts';
export { LiveFeed } from './live/feed.ts';
export { type FrameOptions, frame } from './live/frame.ts';
export { HealSwitch } from './live/heal-switch.ts';
export { loadLivePage } from './live/live-page.ts';
export { type LiveServer, startLiveServer } from './live/live-server.ts';
export { logLine, logPauseMs } from './live/log-line.ts';
export { canHeal, type LiveReport, type LiveSession, type LiveUpdate } from './live/session.ts';
export {
  type Baseline,
  type BaselineComparison,
  type CellChange,
  compareWithBaseline,
  comparisonOutcome,
  recordBaseline,
} from './matrix/baseline.ts';
export {
  parseBaseline,
  readBaseline,
  readBaselineIfAny,
  writeBaseline,
} from './matrix/baseline-file.ts';
export { type CellExpectation, type CellKey, type CellResult, cellName } from './matrix/cell.ts';
export { type ExpandedMatrix, leftOutNotes } from './matrix/expand.ts';
export { type FileKind, fileKind } from './matrix/file-kind.ts';
export { BUILT_IN_MATRIX, loadMatrix, matrixOfFolder } from './matrix/load.ts';
export type { LoadedMatrix } from './matrix/loader.ts';
export type { PairPlan, PairResult } from './matrix/pair.ts';
export type { MatrixResult } from './matrix/result.ts';
export { matrixJsonSchema } from './matrix/schema.ts';
export { type CellSelection, cellFilter } from './matrix/select.ts';
export {
  METRICS_PORT,
  type MetricsAddress,
  OTLP_URL,
  otlpEndpoint,
  parseMetricsAddress,
  parseOtlpEndpoint,
} from './metrics/metrics-address.ts';
export { type MetricsOptions, type OpenMetrics, openMetrics } from './metrics/open-metrics.ts';
export type { RunFigures } from './metrics/run-figures.ts';
export type { MitigationAction } from './mitigation/action.ts';
export {
  type LoadedMitigation,
  type LoadMitigationOptions,
  loadMitigation,
  parseMitigation,
} from './mitigation/actions-file.ts';
export { mitigationJsonSchema } from './mitigation/actions-schema.ts';
export type { RotationReport } from './mitigation/rotation.ts';
export { type StoredAudit, storedAudit } from './mitigation/stored-audit.ts';
export type {
  MitigationExecution,
  MitigationReport,
  MitigationStep,
  MitigationTask,
} from './mitigation/task.ts';
export type { Agreement, ProbedCapability, ProbeResult } from './probe/probe-result.ts';
export type { ProbeObserver } from './probe/run-probe.ts';
export { type Comparison, type ComparisonRow, compareRuns } from './report/comparison.ts';
export { type Act, type Paragraph, renderParagraph, renderTitle } from './report/demo/act.ts';
export { ACTS } from './report/demo/acts.ts';
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
export { renderFixReport } from './report/fix-report.ts';
export { matrixAnnotations, renderAnnotations, runAnnotations } from './report/github.ts';
export { type Annotation, commandGuard } from './report/github-command.ts';
export { renderJson } from './report/json.ts';
export { renderJunit } from './report/junit.ts';
export { renderMarkdown } from './report/markdown-run.ts';
export { matrixBadges } from './report/matrix/badges.ts';
export { renderMatrixHtml } from './report/matrix/html.ts';
export { renderMatrixJson } from './report/matrix/json.ts';
export { renderMatrixJunit } from './report/matrix/junit.ts';
export { renderMatrixMarkdown } from './report/matrix/markdown.ts';
export { renderMatrix } from './report/matrix/text.ts';
export { renderMitigation, renderRotation } from './report/mitigation-text.ts';
export { printableReport } from './report/printable-report.ts';
export { formatCapability, renderProbe, renderProbeJson } from './report/probe.ts';
export type { BlastRadius, Report, RunReport } from './report/report.ts';
export type { ScriptReport } from './report/script-report.ts';
export { renderScriptPlan, renderScriptReport, renderStep } from './report/script-text.ts';
export { type Style, table, terminalStyle, wrap } from './report/style.ts';
export { renderBlastRadius, renderFixedRadius, renderReport, renderRun } from './report/text.ts';
export { observabilityLines, renderJoin } from './report/two-sided.ts';
export { renderJoinJson } from './report/two-sided-json.ts';
export { renderTimeline } from './report/two-sided-timeline.ts';
export { loadAllowedTargets } from './run/allowed-targets.ts';
export { blastRadius } from './run/blast-radius.ts';
export type { Caps } from './run/caps.ts';
export { type EvidenceSubscription, evidenceSubscriber } from './run/evidence-subscriber.ts';
export { expectationPlaces, repositoryPath } from './run/expectation-places.ts';
export { FIX_PASSES, type FixOptions, fixScenario } from './run/fix-scenario.ts';
export type { MatrixObserver, MatrixOptions, MatrixProgress } from './run/matrix-ports.ts';
export { type MitigationOrder, type MitigationRequest, orderMitigation } from './run/mitigate.ts';
export { mitigateAudit } from './run/mitigate-audit.ts';
export { prepareFolder, writeFolder } from './run/output-folder.ts';
export type { BrokerChoice, RunObserver, RunOptions, RunProgress } from './run/ports.ts';
export { type ProbeBrokerTarget, probeBroker } from './run/probe-broker.ts';
export { quotedEvents } from './run/quoted-events.ts';
export { writeReportPage } from './run/report-page.ts';
export { planMatrix, runMatrix } from './run/run-matrix.ts';
export { runScenario } from './run/run-scenario.ts';
export { runScript, type ScriptObserver, type ScriptRunOptions } from './run/run-script.ts';
export { type ServeShardsOptions, serveShards } from './run/serve-shards.ts';
export { readStoredReport, type StoredReport } from './run/stored-report.ts';
export { toolVersion } from './run/tool-version.ts';
export { readTrustFile } from './run/trust-file.ts';
export { planVariants, type Variant } from './run/variants.ts';
export type { ScenarioOverrides } from './scenario/change.ts';
export type { FixApplication, FixPart, FixSide } from './scenario/fixes/fix.ts';
export { type FixChoice, parseFixSpecs } from './scenario/fixes/fix-spec.ts';
export { FIXES, fixParameters } from './scenario/fixes/registry.ts';
export { builtInScenarios, type LoadedScenario, loadScenario } from './scenario/load.ts';
export type { FleetPlan, PlannedDevice, PlannedGroup } from './scenario/plan.ts';
export { type PlanOptions, planScenario } from './scenario/prepare.ts';
export { type Scenario, scenarioJsonSchema } from './scenario/schema.ts';
export { METRICS } from './scenario/thresholds.ts';
export { builtInScripts, type LoadedScript, loadScriptFile, scriptName } from './script/load.ts';
export { type LoadedAny, loadAnyScenario } from './script/load-any.ts';
export type { ScriptResult, StepResult } from './script/result.ts';
export { scriptJsonSchema } from './script/schema.ts';
export { type EngineChoice, localEngine } from './shards/choose.ts';
export type { FleetEngine } from './shards/fleet-engine.ts';
export type { ExpectationResult, Verdict } from './verdict/expectation.ts';
export { mergeOutcomes, type Outcome } from './verdict/outcome.ts';
