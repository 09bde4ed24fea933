/** `run --ui` as a whole: a real run on the embedded broker, watched and steered over HTTP. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LiveSession } from '../../src/live/session.ts';
import { updated } from '../../src/live/session.ts';
import { readEvents } from '../support/event-source.ts';
import { runCli } from '../support/fake-environment.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Longer than any test waits: only a reader can end it. */
const SCENARIO = `name: watched
purpose: Two devices with one client ID.
seed: 7
fleet:
  clones: { devices: 2, identity: { clientId: same }, reconnect: { policy: fixed, delay: 200ms } }
arrival: { storm: 0ms }
duration: 10m
settle: 5s
fixes:
  uuid: { strategy: client-id-uuid, on: [clones] }
expect: { findings: planted }
`;

interface Watched {
  readonly session: LiveSession;
  readonly post: (what: 'heal' | 'stop') => Promise<number>;
}

/** Runs it, and shows every state of the session to `watch`. */
async function watchedRun(
  options: readonly string[],
  watch: (watched: Watched) => Promise<unknown> | undefined,
) {
  const folder = await temporaryFolder();
  const file = join(folder, 'watched.yaml');
  await writeFile(file, SCENARIO);
  const argv = ['run', file, '--ui', '--out', folder, '--certs', join(folder, 'certs')];
  let watching: Promise<LiveSession | undefined> | undefined;
  let address = '';
  const cli = await runCli([...argv, ...options], {}, (text) => {
    const [url] = /http:\/\/127\.0\.0\.1:\S+/.exec(text) ?? [];
    if (url === undefined || watching !== undefined) return;
    address = url;
    watching = follow(url, watch);
  });
  return { ...cli, address, last: await watching };
}

async function follow(
  url: string,
  watch: (watched: Watched) => Promise<unknown> | undefined,
): Promise<LiveSession | undefined> {
  const { origin, search, searchParams } = new URL(url);
  const headers = { 'x-doppelfleet-token': searchParams.get('token') ?? '' };
  const post = async (what: string): Promise<number> =>
    (await fetch(`${origin}/${what}`, { method: 'POST', headers })).status;
  let session: LiveSession | undefined;
  for await (const { event, data } of readEvents(`${origin}/events${search}`)) {
    session = event === 'snapshot' || session === undefined ? data : updated(session, data);
    if (session !== undefined) await watch({ session, post });
  }
  return session;
}

describe('a run that is watched in a browser', () => {
  it('is healed there, run by run, and judged as one that came to its end', async () => {
    const healed = new Map<number, number>();
    const { code, stderr, address, last } = await watchedRun(
      ['--fix', 'uuid'],
      ({ session: { runs }, post }) => {
        const place = runs.length - 1;
        const { progress } = runs[place] ?? {};
        const isReady = place === 0 ? (progress?.takeovers ?? 0) > 2 : progress?.connected === 2;
        if (!isReady || healed.has(place)) return undefined;
        healed.set(place, 0);
        return post('heal').then((status) => healed.set(place, status));
      },
    );
    expect(code).toBe(0);
    expect([...healed]).toEqual([
      [0, 202],
      [1, 202],
    ]);
    expect(stderr).toContain('the faults are ended from the browser');
    expect(
      last?.runs.map(({ fix, healed: isHealed, verdict }) => [fix, isHealed, verdict]),
    ).toEqual([
      [
        undefined,
        true,
        expect.objectContaining({ outcome: 'met', ended: 'completed', findingsInAll: 1 }),
      ],
      [
        'uuid',
        true,
        expect.objectContaining({ outcome: 'met', ended: 'completed', findingsInAll: 0 }),
      ],
    ]);
    expect(last?.reports).toMatchObject([{ scenario: 'watched', outcome: 'met' }]);
    expect(last?.runs[0]?.notable[0]?.text).toBe('client ID same was taken over');
    await expect(fetch(address)).rejects.toThrow();
  });

  it('is stopped there as by Ctrl-C', async () => {
    let answer: number | undefined;
    const { code, stderr, last } = await watchedRun([], ({ session: { runs }, post }) => {
      if (answer !== undefined || runs[0]?.progress?.connected === undefined) return undefined;
      answer = 0;
      return post('stop').then((status) => {
        answer = status;
      });
    });
    expect({ code, answer }).toEqual({ code: 130, answer: 202 });
    expect(stderr).toContain('stopped from the browser: closing every connection');
    expect(last).toMatchObject({ stopping: true, runs: [{ verdict: { ended: 'interrupted' } }] });
  });

  it('stays after the end with --ui-hold, until an interrupt, which is not the run’s', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'watched.yaml');
    await writeFile(file, SCENARIO.replace('10m', '1s'));
    const argv = ['run', file, '--ui-hold', '--out', folder, '--certs', join(folder, 'certs')];
    let held: Promise<number> | undefined;
    let address = '';
    const { code, stderr } = await runCli(argv, {}, (text, interrupt) => {
      const [, url] = /stays at (http:\S+)/.exec(text) ?? [];
      if (url === undefined) return;
      address = url;
      held = fetch(url).then(({ status }) => {
        interrupt();
        return status;
      });
    });
    expect({ code, status: await held }).toEqual({ code: 0, status: 200 });
    expect(stderr).not.toContain('interrupted');
    await expect(fetch(address)).rejects.toThrow();
  });

  it('needs a port that is a number', async () => {
    const { code, stderr } = await runCli(['run', 'control-fleet', '--ui-port', 'http']);
    expect({ code, stderr }).toEqual({
      code: 64,
      stderr: 'error: --ui-port is not a whole number from 1 to 65535\n',
    });
  });
});
