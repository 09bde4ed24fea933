/** A run's folder with a report, a truth and a history of many sessions, as a run would leave it. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { auditHistory } from '../src/audit/engine.ts';
import { readHistory } from '../src/history/reader.ts';
import { REPORT_VERSION, type Report, type RunReport } from '../src/report/report.ts';
import { generateHistory } from './history-generator.ts';

/** What the page has to bear. */
export const SESSIONS = 100_000;
/** Both sides report the beginning and the end of each. */
const EVENTS_PER_SESSION = 4;

/** Writes history, truth and report; gives the report's file. */
export async function makeReportFolder(
  folder: string,
  sessions: number,
  signal: AbortSignal,
): Promise<string> {
  const history = path.join(folder, 'history.ndjson');
  await generateHistory(history, sessions * EVENTS_PER_SESSION, signal);
  const times = await writeTruth(folder, history);
  const audit = await auditHistory([history]);
  const file = path.join(folder, 'report.json');
  const run = { ...times, folder, history, audit, ...SOUND } satisfies RunReport;
  const report: Report = {
    reportVersion: REPORT_VERSION,
    toolVersion: 'bench',
    nodeVersion: process.version,
    scenario: {
      name: 'generated',
      purpose: 'A history of the bench.',
      file: 'generated',
      digest: '0'.repeat(64),
      seed: 7,
    },
    folder,
    reproduce: 'npm run bench -- report',
    runs: [run],
    outcome: 'met',
  };
  await writeFile(file, JSON.stringify(report));
  return file;
}

/** Every connection of the devices has a device behind it. */
async function writeTruth(folder: string, history: string) {
  const truth = createWriteStream(path.join(folder, 'truth.ndjson'));
  truth.write('{"doppelfleet":"truth","runId":"bench"}\n');
  let [startedAt, endedAt] = [Number.POSITIVE_INFINITY, 0];
  await readHistory(history, {
    header: () => {},
    events: (events) => {
      for (const { at, vantage, kind, sessionId, clientId } of events) {
        [startedAt, endedAt] = [Math.min(startedAt, at), Math.max(endedAt, at)];
        if (vantage !== 'device' || kind !== 'connected') continue;
        const line = { at: at - 3, device: `thing-${clientId}`, kind: 'connecting', sessionId };
        truth.write(`${JSON.stringify({ ...line, clientId, certificate: clientId })}\n`);
      }
    },
  });
  truth.end();
  await once(truth, 'close');
  return { startedAt, endedAt, faultsEndedAt: endedAt };
}

/** What a page shows besides, of a run without trouble. */
const SOUND = {
  runId: 'bench',
  outcome: 'completed',
  broker: { id: 'generated', version: '1', endpoint: 'mqtts://127.0.0.1:8883' },
  blastRadius: {
    target: 'generated',
    loopback: true,
    devices: 0,
    certificates: 0,
    arrivalsPerSecondMax: 0,
    durationMs: 0,
    settleMs: 0,
    groups: [],
    planted: [],
    uncertain: [],
  },
  statistics: {
    connects: { attempted: 0, accepted: 0, failed: 0, throttled: 0 },
    devices: { total: 0, connected: 0, neverConnected: [] },
    sessions: { concurrentMax: 0, resumed: 0, lost: 0 },
    messages: { published: 0, acknowledged: 0, unacknowledged: 0, received: 0 },
    failures: [],
    settle: { quiet: true, quietAfterMs: 0 },
  },
  metrics: {},
  verdict: { outcome: 'met', expectations: [] },
  notes: [],
} as const;
