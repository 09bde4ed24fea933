/**
 * Plays a script against a broker: start → play → drain → stop → judge, with both sides recorded.
 * Whatever happens, connections and broker are gone and the history is closed when it returns.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { EXIT, UserError } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import { MQTT_LEVELS, type MqttVersion } from '../core/ids.ts';
import type { Clock } from '../core/time.ts';
import { realClock } from '../fleet/real-clock.ts';
import { ensureServer } from '../identity/ensure-server.ts';
import { deviceCaPem } from '../identity/store-authority.ts';
import { renderJson } from '../report/json.ts';
import { renderJunit } from '../report/junit.ts';
import { REPORT_VERSION } from '../report/report.ts';
import type { ScriptReport } from '../report/script-report.ts';
import { type LoadedScript, scriptName } from '../script/load.ts';
import { longestMs } from '../script/longest.ts';
import type { ScriptResult, StepResult } from '../script/result.ts';
import { brokerTrust } from './broker-trust.ts';
import { checkLongest, DEFAULT_CAPS } from './caps.ts';
import { observeBothSides } from './observe.ts';
import type { BrokerChoice, RunObserver, RunOptions } from './ports.ts';
import { createRunFolder, createSubfolder, folderTime } from './run-folder.ts';
import { scriptIdentities, signingAuthority } from './script-identities.ts';
import { type ScriptStage, stageScript } from './script-stage.ts';
import {
  checkBrokerAvailable,
  checkTargetAllowed,
  DEFAULT_BROKER,
  openRunStore,
} from './session-setup.ts';
import { toolVersion } from './tool-version.ts';

/** Hooks of those who watch a script. */
export interface ScriptObserver extends Pick<RunObserver, 'brokerStarted' | 'warning'> {
  scriptPlanned?(loaded: LoadedScript, target: string, mqttVersion: MqttVersion): void;
  step?(result: StepResult): void;
  scriptFinished?(report: ScriptReport): void;
}

export interface ScriptRunOptions extends Omit<RunOptions, 'fixes' | 'overrides' | 'observer'> {
  /** The newest that the broker speaks by default. */
  readonly mqttVersion?: MqttVersion;
  /** Behind every client ID, where a broker serves several scripts. */
  readonly clientIdSuffix?: string;
  readonly observer?: ScriptObserver;
}

/**
 * Plays a script and judges it. Throws a `UserError` before the broker starts if the target is not
 * allowed, the script may take too long or the broker is missing; afterwards what goes wrong is
 * part of the report.
 */
export async function runScript(
  loaded: LoadedScript,
  options: ScriptRunOptions = {},
): Promise<ScriptReport> {
  const { broker = DEFAULT_BROKER, observer = {}, clock = realClock } = options;
  const { script } = loaded;
  checkTargetAllowed(script.targets, broker, options);
  checkLongest(longestMs(script), { ...DEFAULT_CAPS, ...options.caps });
  const mqttVersion = versionFor(broker, options.mqttVersion);
  await checkBrokerAvailable(broker);
  observer.scriptPlanned?.(loaded, targetOf(broker, options), mqttVersion);
  const store = openRunStore(options, clock, observer);
  // First of all: it signs the revocation list that a configuration may name.
  const fleet = await signingAuthority(store);
  const trust = options.trust ?? (await brokerTrust(store, clock));
  const identities = await scriptIdentities(script, { fleet, other: trust.other }, clock);
  const server = await ensureServer(store);
  const folder =
    options.folder ?? (await createRunFolder(options.out ?? 'runs', clock.now(), script.name));
  await writeFileAtomic(join(folder, 'scenario.json'), `${JSON.stringify(script, null, 2)}\n`);
  const { configuration } = options;
  const stage = await stageScript({
    loaded,
    adapter: broker.adapter,
    ...(configuration === undefined ? {} : { configuration }),
    mqttVersion,
    clientIdSuffix: options.clientIdSuffix ?? '',
    identities,
    trust,
    server: { ...server.credential, caPem: server.caPem },
    deviceCaPem: (await deviceCaPem(store)) ?? identities.deviceCaPem,
    folder,
    workFolder: await createSubfolder(folder, 'broker'),
    runId: `${folderTime(clock.now())}-${randomUUID().slice(0, 8)}`,
    clock,
    observer,
    signal: options.signal ?? new AbortController().signal,
    killSignal: options.killSignal ?? new AbortController().signal,
  });
  const report = await reportOf(stage, { loaded, broker, options, mqttVersion, folder, clock });
  await writeFileAtomic(join(folder, 'report.json'), renderJson(report));
  await writeFileAtomic(join(folder, 'junit.xml'), renderJunit([report]));
  observer.scriptFinished?.(report);
  return report;
}

interface Context {
  readonly loaded: LoadedScript;
  readonly broker: BrokerChoice;
  readonly options: ScriptRunOptions;
  readonly mqttVersion: MqttVersion;
  readonly folder: string;
  readonly clock: Clock;
}

async function reportOf(stage: ScriptStage, context: Context): Promise<ScriptReport> {
  const { loaded, broker, options, mqttVersion, folder } = context;
  const { script } = loaded;
  const { configuration } = options;
  const result = soundResult(stage);
  return {
    kind: 'script',
    reportVersion: REPORT_VERSION,
    toolVersion: toolVersion(),
    nodeVersion: process.version,
    scenario: {
      name: scriptName(loaded),
      purpose: script.purpose,
      file: loaded.file,
      digest: loaded.digest,
      ...(script.requirement === undefined ? {} : { requirement: script.requirement }),
    },
    mqttVersion,
    broker: {
      id: broker.adapter.id,
      version: stage.brokerVersion,
      endpoint: stage.endpoint,
      ...(configuration === undefined ? {} : { configuration: configuration.name }),
    },
    folder,
    history: stage.history,
    startedAt: stage.startedAt,
    endedAt: stage.endedAt,
    ended: stage.ended,
    ...(stage.failure === undefined ? {} : { failure: stage.failure }),
    result,
    ...(await observeBothSides(stage.history)),
    outcome: result.outcome,
    reproduce: options.reproduce ?? `doppelfleet run ${scriptName(loaded)}`,
  };
}

/** What a broker that has died, or a script that was broken off, shows proves nothing. */
function soundResult({ result, failure, ended }: ScriptStage): ScriptResult {
  if (ended === 'completed') return result;
  return {
    steps: result.steps,
    outcome: 'inconclusive',
    because: failure ?? 'the script was interrupted',
  };
}

function versionFor({ adapter }: BrokerChoice, wanted: MqttVersion | undefined): MqttVersion {
  const spoken = adapter.capabilities.protocolVersions;
  const speaks = (version: MqttVersion): boolean => spoken.includes(MQTT_LEVELS[version]);
  const version = wanted ?? (speaks('5') ? '5' : '3.1.1');
  if (speaks(version)) return version;
  throw new UserError(EXIT.usage, {
    message: `${adapter.id} does not speak MQTT ${version}`,
    hint: 'choose another version with --mqtt-version',
  });
}

function targetOf(broker: BrokerChoice, { configuration }: ScriptRunOptions): string {
  if (broker.kind === 'external') return `mqtts://${broker.host}:${broker.port}`;
  const name = configuration === undefined ? '' : `, configuration ${configuration.name}`;
  return `${broker.adapter.id} broker${name}, on loopback`;
}
