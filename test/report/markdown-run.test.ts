/** Runs as Markdown: the outcome first, nothing from outside becomes markup, GitHub's limit is kept. */
import { describe, expect, it } from 'vitest';
import { renderMarkdown } from '../../src/report/markdown-run.ts';
import { audit, CONFLICT, finding } from '../support/judged.ts';
import { HOSTILE_TEXTS } from '../support/matrix-results.ts';
import {
  EFFECTS,
  expectation,
  mitigation,
  ROTATION,
  report,
  run,
  scriptReport,
  step,
} from '../support/run-reports.ts';

const fix = (name: string) => ({ name, title: name, costs: [name], parts: [] });

/** Every text that can come from outside is `text`. */
function hostileReport(text: string) {
  const found = { ...finding(CONFLICT, text), reasonForNonComplianceCode: text };
  const about = { version: text, id: text, endpoint: text };
  const one = (more: object) =>
    run([expectation('unmet', text, text), expectation('inconclusive', text, text)], {
      audit: audit([found]),
      notes: [text],
      failure: text,
      broker: about,
      folder: text,
      history: text,
      mitigation: mitigation(['FAILED'], text),
      rotation: { ...ROTATION, message: text },
      ...more,
    });
  const whole = report([one({}), one({ fix: fix(text), effects: EFFECTS })], text);
  const scenario = { ...whole.scenario, purpose: text, file: text };
  return { ...whole, scenario, folder: text, reproduce: text };
}

describe('Markdown of runs', () => {
  it('begins with the outcome, then what is not met, the findings, and how to repeat it', () => {
    const text = renderMarkdown([
      report([
        run([expectation('met', 'good'), expectation('unmet', 'no takeover', 'there were 3')], {
          audit: audit([finding(CONFLICT, 'pump')]),
        }),
      ]),
    ]);
    const order = [
      '## `a-scenario`: ✖ unmet',
      '### Not met',
      '| as is | ✖ unmet | no takeover | there were 3 |',
      '### Findings',
      '| HIGH | client ID `pump` |',
      'Again: `doppelfleet run a-scenario --seed 7`',
      '<details><summary>All expectations</summary>',
    ].map((part) => text.indexOf(part));
    expect(order).not.toContain(-1);
    expect([...order].sort((a, b) => a - b)).toEqual(order);
    expect(text.slice(0, text.indexOf('### Findings'))).not.toContain('good');
  });

  it('shows runs beside one another, and what each fix changes and costs', () => {
    const after = { ...EFFECTS, messages: { unacknowledged: 0 } };
    const text = renderMarkdown([
      report([
        run([expectation('met')], { metrics: { 'takeovers.count': 41 } }),
        run([expectation('met')], {
          fix: {
            name: 'uuid',
            title: 'Client ID is a UUID',
            costs: ['sessions are lost'],
            parts: [],
          },
          metrics: { 'takeovers.count': 0 },
          effects: after,
        }),
      ]),
    ]);
    expect(text).toContain('|  | as is | `uuid` |');
    expect(text).toContain('| takeovers | 41 | 0 (better) |');
    expect(text).toContain('- costs: sessions are lost');
  });

  it('tells what was done about the findings, and how to undo it', () => {
    const text = renderMarkdown([
      report([run([], { mitigation: mitigation(['COMPLETED', 'FAILED']), rotation: ROTATION })]),
    ]);
    expect(text).toContain('### Mitigation: FAILED');
    expect(text).toContain('undo: said');
    expect(text).toContain('### Rotation: incomplete');
    expect(text).toContain('one device has not moved');
  });

  it('says of a script what is not met and what that means', () => {
    const text = renderMarkdown([scriptReport([step('met', { text: 'fine' }), step('unmet')])]);
    expect(text).toContain('## `a-script`: ✖ unmet');
    expect(text).toContain(
      '| 1 | ✖ unmet | thief connects | it was let in | a thief reads the queue |',
    );
  });

  it('begins with a table when there are several', () => {
    const text = renderMarkdown([
      report([run([expectation('met')])], 'good'),
      report([run([expectation('unmet', 'no takeover', 'there were 3')])], 'bad'),
      scriptReport([step('inconclusive')]),
    ]);
    expect(text).toMatch(/^# doppelfleet: ✖ 3 scenarios: 1 met, 1 unmet, 1 inconclusive\n/);
    expect(text).toContain('| `bad` | ✖ unmet | embedded 1 | 0 | no takeover: there were 3 |');
  });

  it.each(HOSTILE_TEXTS)('makes nothing of %j but text', (text) => {
    const markdown = renderMarkdown([
      hostileReport(text),
      scriptReport([step('unmet', { text, because: text, risk: text })]),
    ]);
    const ours = markdown.replace(/<\/?(?:details|summary)>/g, '');
    expect(ours.replace(/`[^`\n]*`/g, '')).not.toMatch(/[<>]|\]\(|@(?!&#8203;)/);
    // Rows have as many cells as their header.
    for (const table of markdown.matchAll(/(?:^\|.*\|\n)+/gm)) {
      const cells = table[0]
        .trimEnd()
        .split('\n')
        .map((line) => line.split('|').length);
      expect(new Set(cells).size, table[0]).toBe(1);
    }
  });

  it('is never longer than a comment on GitHub may be, and says what it leaves out', () => {
    const many = Array.from({ length: 400 }, () =>
      expectation('unmet', '#'.repeat(300), '<'.repeat(300)),
    );
    const findings = Array.from({ length: 400 }, (_, n) => finding(CONFLICT, `${n}`.repeat(60)));
    const one = report([run(many, { audit: audit(findings) }), run(many, { fix: fix('a') })]);
    const single = renderMarkdown([one]);
    expect(single.length).toBeLessThanOrEqual(65_000);
    expect(single).toMatch(/… and \d+ more expectations\./);
    const all = renderMarkdown(Array.from({ length: 5 }, () => one));
    expect(all.length).toBeLessThanOrEqual(65_000);
    expect(all).toMatch(/parts did not fit and are left out; report\.json has all\.\n$/);
    expect(all.match(/<details>/g)?.length).toBe(all.match(/<\/details>/g)?.length);
  });
});
