/** What the page packs is what its browser code unpacks, and how lanes are made of it. */
import { describe, expect, it } from 'vitest';
import { buildPage } from '../../src/page/build-page.ts';
import { type RunModel, unpack } from '../../web/report/decode.ts';
import { chooseFinding, lanesOf, type SessionLane } from '../../web/report/lanes.ts';
import { laneAt, layoutOf } from '../../web/report/layout.ts';
import type { Choice } from '../../web/report/state.ts';
import { session } from '../support/history-events.ts';
import { opening, recordOf, reportOf } from '../support/page-records.ts';
import { plainEvents } from '../support/real-audit.ts';

const everything: Choice = {
  grouping: 'client',
  order: 'trouble',
  run: 'all',
  text: '',
  onlyFindings: false,
  finding: undefined,
};

async function modelOf(events: Parameters<typeof recordOf>[0], index = 0): Promise<RunModel> {
  const record = await recordOf(events, [opening('1', 'one', -5)]);
  const { data, runs } = buildPage(reportOf([record.run]), [record]);
  const [run] = runs;
  if (run === undefined) throw new Error('no run was built');
  return unpack(run.packed, run.page, index, data.toMs);
}

function lanes(model: RunModel, choice: Partial<Choice> = {}): readonly SessionLane[] {
  return lanesOf(model, { ...everything, ...choice }).filter((lane) => lane.kind === 'lane');
}

const labels = (some: readonly SessionLane[]) => some.map(({ label }) => label);

describe('what a page carries', () => {
  it('comes out as it went in', async () => {
    const model = await modelOf(plainEvents);
    expect([...model.startMs]).toEqual([0, 0, 1_000, 1_000, 2_000]);
    // The last one was open when the recording ended.
    expect([...model.endMs]).toEqual([1_000, 5_000, 2_000, 60_000, 3_000]);
    expect([...model.columns.length]).toEqual([1_000, 5_000, 1_000, -1, 1_000]);
    expect(model.tables.clients).toEqual(['dev', 'one', 'two']);
    expect(model.tables.certificates.map((id) => id.slice(0, 2))).toEqual(['aa', 'cc', 'bb']);
  });
});

describe('lanes', () => {
  it('hold trouble first, then what came first', async () => {
    const model = await modelOf([
      ...session('9', 'early', 'e', [0, 10]),
      ...plainEvents,
      ...session('8', 'late', 'f', [8_000, 9_000]),
    ]);
    expect(labels(lanes(model))).toEqual(['dev', 'one', 'two', 'early', 'late']);
    expect(labels(lanes(model, { order: 'time' }))).toEqual(['early', 'dev', 'one', 'two', 'late']);
    expect(labels(lanes(model, { onlyFindings: true }))).toEqual(['dev', 'one', 'two']);
  });

  it('tell several holders of a client ID from one', async () => {
    const [dev, one] = lanes(await modelOf(plainEvents));
    expect([dev?.holders.size, one?.holders.size]).toEqual([2, 0]);
    expect(dev?.takeovers).toBe(2);
  });

  it('put sessions that are open at the same time below one another', async () => {
    const model = await modelOf(plainEvents);
    const shared = lanes(model, { grouping: 'certificate' }).find(({ label }) =>
      label.startsWith('cc'),
    );
    expect(shared?.depths).toBe(2);
    expect([...(shared?.depth ?? [])]).toEqual([0, 1]);
  });

  it('do not take a hand-over of some milliseconds for an overlap', async () => {
    const model = await modelOf([
      ...session('1', 'pump', 'a', [0, 1_050]),
      ...session('2', 'pump', 'a', [1_000, 2_000]),
      ...session('3', 'pump', 'a', [1_850, 3_000]),
    ]);
    expect([...(lanes(model)[0]?.depth ?? [])]).toEqual([0, 0, 1]);
  });

  it('are found by any of their names, whatever the case', async () => {
    const model = await modelOf(plainEvents);
    expect(labels(lanes(model, { text: 'TWO' }))).toEqual(['two']);
    expect(labels(lanes(model, { text: 'bbbb' }))).toEqual(['dev']);
    expect(labels(lanes(model, { text: 'nobody' }))).toEqual([]);
  });

  it('of a finding are its own in its run, and those of the same clients in another', async () => {
    const model = await modelOf(plainEvents);
    const shared = model.run.findings.find(({ certificates }) => certificates.length > 0);
    if (shared === undefined) throw new Error('the shared certificate was not found');
    const finding = chooseFinding(model, shared);
    expect(labels(lanes(model, { finding }))).toEqual(['one', 'two']);
    const other = await modelOf(
      [...session('5', 'two', 'd', [0, 10]), ...session('6', 'else', 'e', [0, 10])],
      1,
    );
    expect(labels(lanes(other, { finding }))).toEqual(['two']);
  });
});

describe('the layout', () => {
  it('finds the lane at every height, and the last one below them all', async () => {
    const layout = layoutOf(lanes(await modelOf(plainEvents)));
    const at = layout.lanes.map((_, lane) => laneAt(layout, (layout.tops[lane] ?? 0) + 1));
    expect(at).toEqual([0, 1, 2]);
    expect(laneAt(layout, layout.height + 500)).toBe(2);
    expect(laneAt(layoutOf([]), 10)).toBe(0);
  });
});
