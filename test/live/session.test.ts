import { describe, expect, it } from 'vitest';
import { LiveFeed } from '../../src/live/feed.ts';
import { canHeal, type LiveSession, updated } from '../../src/live/session.ts';
import { notable, someProgress, someSecond } from '../support/run-progress.ts';

const RUN = {
  scenario: 'clones',
  purpose: 'p',
  devices: 46,
  target: 'embedded broker',
  seconds: [],
  notable: [],
} as const;

describe('the stream of a session', () => {
  it('gives a reader who follows the updates the same state as one who comes late', () => {
    const feed = new LiveFeed('1.0.0');
    let seen: LiveSession = feed.session;
    feed.subscribe((event) => {
      const data = /^data: (.*)$/m.exec(event)?.[1] ?? '';
      seen = updated(seen, JSON.parse(data));
    });
    feed.publish({ type: 'run', run: RUN });
    feed.publish({ type: 'issuing', done: 3, total: 46 });
    feed.publish({ type: 'broker', broker: 'aedes' });
    const seconds = Array.from({ length: 7 }, (_, place) => someSecond(place, place));
    const list = Array.from({ length: 7 }, (_, place) => notable(place + 1, `${place}`));
    for (const n of [1, 1, 4, 7]) {
      feed.progress(
        someProgress({ seconds: seconds.slice(Math.max(0, n - 4), n), notable: list.slice(0, n) }),
      );
    }
    feed.publish({ type: 'healed' });
    feed.publish({ type: 'note', text: 'careful' });
    feed.publish({ type: 'run', run: { ...RUN, fix: 'uuid' } });
    feed.publish({ type: 'ended', reports: [], held: false });
    expect(seen).toEqual(feed.session);
    expect(seen.runs[0]).toMatchObject({ healed: true, seconds, notable: list });
    expect(JSON.parse(/^data: (.*)$/m.exec(feed.snapshot())?.[1] ?? '')).toEqual(seen);
  });

  it('keeps twenty minutes of a run and the newest fifty runs', () => {
    const feed = new LiveFeed('1.0.0');
    for (let n = 0; n < 60; n++) feed.publish({ type: 'run', run: { ...RUN, scenario: `s${n}` } });
    expect(feed.session).toMatchObject({ runsLeftOut: 10 });
    expect(feed.session.runs.map(({ scenario }) => scenario).at(0)).toBe('s10');
    for (let n = 0; n < 1300; n++) feed.progress(someProgress({ seconds: [someSecond(1, n)] }));
    expect(feed.session.runs.at(-1)?.seconds).toHaveLength(1200);
  });

  it('can be healed while the faults are on, once, and not when it is stopping', () => {
    const feed = new LiveFeed('1.0.0');
    const answers: boolean[] = [canHeal(feed.session)];
    const then = (update: Parameters<typeof feed.publish>[0]): void => {
      feed.publish(update);
      answers.push(canHeal(feed.session));
    };
    const { seconds, notable: list, ...progress } = someProgress();
    const running = { type: 'progress', progress, seconds, notable: list } as const;
    then({ type: 'run', run: RUN });
    then(running);
    then({ ...running, progress: { ...progress, phase: 'settling' } });
    then({ type: 'run', run: RUN });
    then(running);
    then({ type: 'healed' });
    then({ type: 'run', run: RUN });
    then(running);
    then({ type: 'stopping' });
    expect(answers).toEqual([false, false, true, false, false, true, false, false, true, false]);
  });
});
