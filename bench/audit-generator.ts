/**
 * A month of a fleet as a dataset, with planted truth: a hundred sessions a device, in every two
 * thousand devices one pair of clones and one shared certificate, and many that only look so. It is
 * made by SQL day by day and written as `history convert` writes; the same size gives the same rows.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { JUDGED_COLUMNS, judgedSessions } from '../src/audit/sessions.ts';
import { JOIN_TOLERANCE_MS, TAKEOVER_TOLERANCE_MS } from '../src/core/limits.ts';
import { DAY_MS } from '../src/core/time.ts';
import { parquetFiles } from '../src/history/columnar/attach.ts';
import type { DatasetFile } from '../src/history/columnar/layout.ts';
import {
  type DatasetFacts,
  type DatasetManifest,
  EMPTY_NAME,
  writeManifest,
} from '../src/history/columnar/manifest.ts';
import { writeSessions } from '../src/history/columnar/write-sessions.ts';
import type { HistoryHeader } from '../src/history/event.ts';
import { recordingKey } from '../src/history/load.ts';
import { openHistoryStore, type Query } from '../src/history/store.ts';

export const BENCH_STARTED_AT = Date.UTC(2026, 0, 1);
export const DAYS = 31;
const SESSIONS_PER_DEVICE = 100;
const SLOT_MS = Math.floor((DAYS * DAY_MS) / (SESSIONS_PER_DEVICE + 2));
const JITTER_MS = 600_000;
const SEED = 7;

export const devicesFor = (sessions: number): number => sessions / SESSIONS_PER_DEVICE;

/** What an audit of a dataset of so many devices must find. */
export function plantedTruth(devices: number) {
  const conflicts: string[] = [];
  const shared: string[] = [];
  for (let device = 0; device < devices; device += 2_000) {
    conflicts.push(`device-${device}`);
    if (device + 1_000 < devices) shared.push(certificateOf(`${device + 1_000}-0`));
  }
  return {
    CONFLICTING_CLIENT_IDS_CHECK: conflicts,
    DEVICE_CERTIFICATE_SHARED_CHECK: shared,
  };
}

function certificateOf(name: string): string {
  return createHash('sha256').update(`${SEED}/${name}`).digest('hex');
}

/** Writes a dataset of about `sessions` sessions into `folder`, which does not exist yet. */
export async function generateDataset(folder: string, sessions: number): Promise<DatasetFacts> {
  const devices = devicesFor(sessions);
  const draft = `${folder}.draft`;
  mkdirSync(folder);
  const store = await openHistoryStore({ memoryMb: 3_000, folders: [folder, draft] });
  try {
    await store.query(devicesTable(devices));
    const files: DatasetFile[] = [];
    let columns: readonly string[] = [];
    for (let day = 0; day < DAYS; day++) {
      await store.query(`CREATE OR REPLACE VIEW sessions AS ${sessionsOfDay(day)}`);
      const shift = { run: 0, id: 0, event: 0 };
      const written = await writeSessions(store, { folder: draft, without: JUDGED_COLUMNS, shift });
      columns = written.columns;
      files.push(...written.files);
      move(draft, folder, written.files);
    }
    const facts = await countFacts(store.query, folder, files);
    await writeManifest(folder, manifestOf({ columns, files, facts }));
    return facts;
  } finally {
    await store.close();
    rmSync(draft, { recursive: true, force: true });
  }
}

function move(draft: string, folder: string, files: readonly DatasetFile[]): void {
  for (const file of files) {
    const place = path.join(folder, file.path);
    mkdirSync(path.dirname(place), { recursive: true });
    renameSync(path.join(draft, file.path), place);
  }
  renameSync(path.join(draft, EMPTY_NAME), path.join(folder, EMPTY_NAME));
  if (readdirSync(draft).length > 0) rmSync(path.join(draft, 'sessions'), { recursive: true });
}

/**
 * `story` by device: 0 clones, of which each evicts the other; 1 a certificate that two clients hold
 * at once; 2 a new client ID at each connect; 3 two client IDs whose hand-over is seen 50 ms late;
 * 4 a certificate that is renewed; 5 all others. `stride`: how many sessions on the same client ID
 * comes again.
 */
const devicesTable = (devices: number): string => `
CREATE TABLE devices AS
SELECT device, story, CASE story WHEN 1 THEN 2 WHEN 3 THEN 2 WHEN 2 THEN 0 ELSE 1 END AS stride,
  sha256('${SEED}/' || device || '-0') AS certificate,
  CASE WHEN story IN (0, 4) THEN sha256('${SEED}/' || device || '-1') END AS other_certificate,
  '10.' || (device // 65536) || '.' || (device // 256 % 256) || '.' || (device % 256) AS ip
FROM (SELECT range AS device, CASE
    WHEN range % 2000 = 0 THEN 0 WHEN range % 2000 = 1000 THEN 1
    WHEN range % 100 = 1 THEN 2 WHEN range % 100 = 2 THEN 3 WHEN range % 100 = 3 THEN 4
    ELSE 5 END AS story
  FROM range(${devices}))`;

const start = (turn: string): string =>
  `${BENCH_STARTED_AT} + (${turn}) * ${SLOT_MS}
    + (hash(device, ${turn}, ${SEED}) % ${JITTER_MS})::BIGINT`;
const clientId = (turn: string): string => `'device-' || device || CASE story
  WHEN 1 THEN '-' || (${turn} % 2) WHEN 2 THEN '-' || (${turn}) WHEN 3 THEN '-' || (${turn} % 2)
  ELSE '' END`;
const certificate = (turn: string): string => `CASE
  WHEN story = 0 AND ${turn} % 2 = 1 OR story = 4 AND ${turn} >= ${SESSIONS_PER_DEVICE / 2}
  THEN other_certificate ELSE certificate END`;
const id = (turn: string): string => `(device * ${SESSIONS_PER_DEVICE} + ${turn})::BIGINT`;
const ifAgain = (value: string): string =>
  `CASE WHEN stride > 0 AND turn + stride < ${SESSIONS_PER_DEVICE} THEN ${value} END`;

/** All columns of the sessions relation that are stored, of sessions that start on one day. */
function sessionsOfDay(day: number): string {
  const [from, to] = [BENCH_STARTED_AT + day * DAY_MS, BENCH_STARTED_AT + (day + 1) * DAY_MS];
  const first = Math.max(0, Math.floor((day * DAY_MS - JITTER_MS) / SLOT_MS));
  const last = Math.min(SESSIONS_PER_DEVICE, Math.ceil(((day + 1) * DAY_MS) / SLOT_MS) + 1);
  const again = 'turn + stride';
  return `
WITH turns AS (
  SELECT devices.*, turn, ${start('turn')} AS connected_at, ${start('turn + 1')} AS following_at
  FROM devices, (SELECT range AS turn FROM range(${first}, ${last}))
), timed AS (
  SELECT *, CASE story
      WHEN 0 THEN following_at
      WHEN 1 THEN following_at + 3600000
      WHEN 2 THEN following_at - 500
      WHEN 3 THEN following_at + 50
      ELSE connected_at + 5000 + (hash(device, turn, 1) % ${SLOT_MS - 2 * JITTER_MS})::BIGINT
    END AS closed_at
  FROM turns WHERE connected_at >= ${from} AND connected_at < ${to}
)
SELECT ${id('turn')} AS id, 0::INTEGER AS run, 'broker' AS vantage, ${clientId('turn')} AS client_id,
  ${certificate('turn')} AS certificate_id, false AS certificate_joined,
  NULL::VARCHAR AS principal, NULL::VARCHAR AS principal_key, ip, 60::INTEGER AS keep_alive_seconds,
  connected_at, closed_at,
  CASE WHEN story = 0 AND turn < ${SESSIONS_PER_DEVICE - 1} THEN 'session-taken-over'
    WHEN hash(device, turn, 2) % 4 = 0 THEN 'connection-lost' ELSE 'client-initiated' END AS reason,
  NULL::VARCHAR AS inferred, connected_at AS starts_at, closed_at AS ended_at,
  2 * ${id('turn')} AS connect_event, 2 * ${id('turn')} + 1 AS close_event,
  NULL::BIGINT AS device_connected_at, NULL::BIGINT AS device_closed_at,
  NULL::VARCHAR AS device_close_reason, NULL::BIGINT AS device_abandoned_at,
  NULL::BIGINT AS device_connect_event, NULL::BIGINT AS device_close_event,
  ${ifAgain(id(again))} AS next_id, ${ifAgain(start(again))} AS next_connected_at,
  NULL::BIGINT AS next_device_connected_at, ${ifAgain(`2 * ${id(again)}`)} AS next_connect_event,
  NULL::BIGINT AS next_device_connect_event, ${ifAgain(certificate(again))} AS next_certificate_id,
  NULL::VARCHAR AS next_principal_key, ${ifAgain('ip')} AS next_ip
FROM timed`;
}

async function countFacts(
  query: Query,
  folder: string,
  files: readonly DatasetFile[],
): Promise<DatasetFacts> {
  const [counted] = await query<Omit<DatasetFacts, 'unmatched' | 'contradicting'>>(
    `SELECT count(*) AS sessions, count(DISTINCT client_id) AS "clientIds",
       count(DISTINCT certificate_id) AS certificates,
       count(*) FILTER (WHERE taken_over) AS takeovers, 0 AS "certificatesJoined",
       0 AS "takeoversInferred"
     FROM (${judgedSessions(parquetFiles(folder, files), TAKEOVER_TOLERANCE_MS)})`,
  );
  if (counted === undefined) throw new Error('nothing was counted');
  return { ...counted, unmatched: 0, contradicting: 0 };
}

function manifestOf(
  written: Pick<DatasetManifest, 'columns' | 'files' | 'facts'>,
): Omit<DatasetManifest, 'digest'> {
  const events = 2 * written.facts.sessions;
  const endedAt = BENCH_STARTED_AT + DAYS * DAY_MS;
  const header: HistoryHeader = {
    doppelfleet: 'history',
    schemaVersion: 1,
    toolVersion: 'bench',
    runId: 'bench',
    scenario: 'generated',
    scenarioDigest: '0'.repeat(64),
    seed: SEED,
    startedAt: BENCH_STARTED_AT,
    source: { broker: 'generated', vantages: ['broker'] },
  };
  return {
    doppelfleet: 'dataset',
    schemaVersion: 1,
    toolVersion: 'bench',
    joinToleranceMs: JOIN_TOLERANCE_MS,
    takeoverToleranceMs: TAKEOVER_TOLERANCE_MS,
    recordings: [
      {
        run: 0,
        key: recordingKey(header),
        hasBroker: true,
        from: BENCH_STARTED_AT,
        to: endedAt,
        eventOffset: 0,
        eventNumbers: events,
        events,
        fingerprint: 'generated',
      },
    ],
    sources: [
      {
        file: 'generated',
        run: 0,
        header,
        trailer: { doppelfleet: 'end', events, endedAt, outcome: 'completed' },
        events,
        unreadableLines: 0,
        examples: [],
      },
    ],
    ...written,
  };
}
