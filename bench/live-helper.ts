/**
 * Drives a fleet on Mosquitto, with the live view or without, and tells what the drive took of this
 * process's CPU. The view is all of it: a terminal's display that writes into a sink, and a server
 * with one reader, which is the parent.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BROKERS } from '../src/broker/registry.ts';
import { feedObservers } from '../src/cli/feed-observers.ts';
import { openProgress } from '../src/cli/progress.ts';
import { realClock } from '../src/fleet/real-clock.ts';
import { newAuthority } from '../src/identity/authority.ts';
import { issueCertificate, issueServerCertificate } from '../src/identity/issue.ts';
import { serverHosts } from '../src/identity/names.ts';
import { LiveFeed } from '../src/live/feed.ts';
import { livePage } from '../src/live/live-page.ts';
import { startLiveServer } from '../src/live/live-server.ts';
import type { RunProgress } from '../src/live/progress.ts';
import { terminalStyle } from '../src/report/style.ts';
import { driveFleet } from '../src/run/drive.ts';
import type { DriveJob } from '../src/run/drive-job.ts';
import type { RunObserver } from '../src/run/ports.ts';
import { loadScenario } from '../src/scenario/load.ts';
import { planScenario } from '../src/scenario/prepare.ts';
import { inProcess } from '../src/shards/in-process.ts';
import { answerParent } from './child.ts';

export type LiveQuestion =
  | { readonly prepare: string; readonly devices: number; readonly perSecond: number }
  | { readonly watched: boolean };

export interface LiveSeat {
  readonly url: string;
}

export interface LiveRound {
  readonly cpuMs: number;
  /** Of it, in the calls of the view. */
  readonly viewCpuMs: number;
  readonly frames: number;
  readonly bytes: number;
  readonly connected: number;
  readonly takeovers: number;
  readonly latenessP99Ms: number;
  readonly outcome: string;
}

/** Time for the last arrivals to be answered, and to stay. */
const HOLD_SECONDS = 10;

let prepared: Awaited<ReturnType<typeof prepare>> | undefined;
let rounds = 0;

answerParent(async (question: LiveQuestion) => {
  if ('prepare' in question) {
    prepared = await prepare(question.prepare, question.devices, question.perSecond);
    return { url: prepared.server.url } satisfies LiveSeat;
  }
  if (prepared === undefined) throw new Error('a round was asked for before anything is there');
  return drive(prepared, question.watched);
});

async function prepare(folder: string, devices: number, perSecond: number) {
  const file = join(folder, 'watched.yaml');
  writeFileSync(file, scenario(devices, perSecond));
  const plan = planScenario(await loadScenario(file));
  const now = Date.now();
  const authority = await newAuthority({ now });
  const hosts = serverHosts([]);
  const server = issueServerCertificate(
    authority,
    { name: 'server', hosts, keyType: 'P-256' },
    { now },
  );
  const credentials = new Map(
    plan.certificates.map(({ name, thingName }) => {
      const request = { name, thingName, keyType: 'P-256' } as const;
      return [name, issueCertificate(authority, request, { now })];
    }),
  );
  const feed = new LiveFeed('bench');
  const page = livePage('', '');
  return {
    folder,
    feed,
    server: await startLiveServer({ page, feed, onHeal: () => false, onStop: () => {} }),
    job: {
      plan,
      toolVersion: 'bench',
      adapter: BROKERS.mosquitto,
      server: { ...server, caPem: authority.trustPem },
      deviceCaPem: authority.trustPem,
      credentials,
      engine: inProcess,
      clock: realClock,
    } satisfies Partial<DriveJob>,
  };
}

function scenario(devices: number, perSecond: number): string {
  const seconds = Math.ceil(devices / perSecond) + HOLD_SECONDS;
  return `name: watched
purpose: A large fleet with a storm of takeovers in it, for the bench.
seed: 7
fleet:
  sensors: { devices: ${devices - 40}, publish: { every: 10s, qos: 0 } }
  clones: { devices: 40, identity: { clientId: { shared: 2 } }, reconnect: { policy: fixed, delay: 1s } }
arrival: { rate: ${perSecond}/s }
duration: ${seconds}s
settle: 2s
expect: { findings: planted }
`;
}

async function drive(
  { folder, feed, job }: NonNullable<typeof prepared>,
  watched: boolean,
): Promise<LiveRound> {
  const round = join(folder, `round-${++rounds}`);
  const workFolder = join(round, 'broker');
  mkdirSync(workFolder, { recursive: true });
  const view = viewOf(feed);
  const { signal } = new AbortController();
  const before = process.cpuUsage();
  const result = await driveFleet({
    ...job,
    runId: `bench-${rounds}`,
    folder: round,
    workFolder,
    observer: watched ? view.observer : {},
    signal,
    killSignal: signal,
  });
  const { user, system } = process.cpuUsage(before);
  view.end();
  const { statistics, outcome } = result;
  return {
    cpuMs: (user + system) / 1000,
    ...view.cost(),
    connected: statistics.sessions.concurrentMax,
    latenessP99Ms: statistics.connects.latenessMs?.p99 ?? Number.NaN,
    outcome,
  };
}

function viewOf(feed: LiveFeed) {
  let [bytes, frames, micros, takeovers] = [0, 0, 0, 0];
  const stderr = {
    isTTY: true,
    columns: 120,
    rows: 40,
    write: (text: string) => {
      bytes += text.length;
    },
  };
  const terminal = openProgress({ stderr, env: { LANG: 'C.UTF-8' } }, terminalStyle(true, 120));
  const run = { scenario: 'watched', purpose: '', target: '', seconds: [], notable: [] };
  feed.publish({ type: 'run', run });
  const browser = feedObservers(feed).observer;
  const progress = (told: RunProgress): void => {
    const before = process.cpuUsage();
    terminal.observer.progress?.(told);
    browser.progress?.(told);
    const { user, system } = process.cpuUsage(before);
    micros += user + system;
    frames++;
    takeovers = told.takeovers;
  };
  return {
    observer: { progress } satisfies RunObserver,
    end: terminal.end,
    cost: () => ({ viewCpuMs: micros / 1000, frames, bytes, takeovers }),
  };
}
