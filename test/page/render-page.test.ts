/** The page as text: its policy, its order, and nothing from outside that could become markup. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { buildPage } from '../../src/page/build-page.ts';
import { renderPage } from '../../src/page/render-page.ts';
import type { Report } from '../../src/report/report.ts';
import { HOSTILE_IDS, hostileEvents } from '../support/audit-results.ts';
import { opening, recordOf, reportOf } from '../support/page-records.ts';
import { plainEvents } from '../support/real-audit.ts';

const assets = {
  script: 'const end = "</script><!--"; run(end);',
  style: 'main { color: red }',
};

async function pageOf(
  events: Parameters<typeof recordOf>[0],
  more: Partial<Report> = {},
): Promise<string> {
  const record = await recordOf(events, [opening('1', '<b>device</b>', 0)]);
  const report = reportOf([record.run], more);
  return [...renderPage(buildPage(report, [record]), assets)].join('\n');
}

describe('the page', () => {
  it('lets in one script and one style sheet, by the digests of what stands in it', async () => {
    const page = await pageOf(plainEvents);
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? '';
    const digest = (content = ''): string =>
      `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
    const script = /<script>([\s\S]*?)<\/script>/.exec(page)?.[1];
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1];
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`script-src ${digest(script)};`);
    expect(policy).toContain(`style-src ${digest(style)};`);
    expect(policy).not.toContain('unsafe');
    // The bundle's own text is whole, though it holds the end of a script.
    expect(script).toBe('const end = "<\\/script><\\!--"; run(end);');
  });

  it('has verdict and findings before the numbers, and the pictures after them', async () => {
    const ids = [...(await pageOf(plainEvents)).matchAll(/<section id="([a-z-]+)"/g)];
    expect(ids.map(([, id]) => id)).toEqual([
      'verdict',
      'findings',
      'comparison',
      'timeline',
      'rates',
      'identities',
      'health',
      'both-sides',
      'reproduce',
    ]);
  });

  it('says of each finding what it means and which sessions it is about', async () => {
    const page = await pageOf(plainEvents);
    expect(page).toContain('client ID <code>dev</code>');
    expect(page).toContain('Different devices claim one client ID.');
    expect(page).toMatch(
      /class="to-timeline" href="#timeline" data-run="0" data-finding="finding-1-1"/,
    );
    const data = JSON.parse(/id="page-data">([\s\S]*?)<\/script>/.exec(page)?.[1] ?? '');
    expect(data.runs[0].findings[0]).toEqual({
      anchor: 'finding-1-1',
      label: 'dev',
      clients: [0],
      certificates: [],
    });
  });

  it('holds no markup of a stored finding whose severity is none', async () => {
    const { run, ...record } = await recordOf(plainEvents, [opening('1', 'device', 0)]);
    const findings = run.audit.findings.map((one) => ({
      ...one,
      severity: '"><img src=x>' as typeof one.severity,
    }));
    const damaged = { ...run, audit: { ...run.audit, findings } };
    const page = buildPage(reportOf([damaged]), [{ ...record, run: damaged }]);
    const html = [...renderPage(page, assets)].join('\n');
    expect(html).toContain('&lt;img src=x&gt;');
    expect(html.toLowerCase()).not.toContain('<img');
  });

  it('holds no markup of hostile names, in no place', async () => {
    const page = await pageOf(hostileEvents(), {
      reproduce: 'doppelfleet run "</code><script>alert(1)</script>"',
      scenario: {
        name: '</title><script>alert(2)</script>',
        purpose: '<img src=x onerror=alert(3)>',
        file: '\u202e<svg onload=alert(4)>',
        digest: 'd',
        seed: 1,
      },
    });
    expect(HOSTILE_IDS.some((id) => id.includes('<script>'))).toBe(true);
    const tags = [...page.matchAll(/<\s*(script|img|svg|style|iframe|object)\b[^>]*>/gi)];
    const allowed =
      /^<(script|style|script type="application\/json" id="page-data"|script type="text\/plain" id="run-0"|svg class="graph" role="img" aria-label="[^"]*" viewBox="[\d ]+" width="\d+" height="\d+")>$/;
    expect(tags.map(([tag]) => tag).filter((tag) => !allowed.test(tag))).toEqual([]);
    expect(page).not.toMatch(/ style=| on[a-z]+=[^\s"]*"/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
    expect(page).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069]/);
  });

  it('does not grow with the length of a client ID', async () => {
    const page = await pageOf(hostileEvents());
    expect(HOSTILE_IDS.some((id) => id.length === 65_535)).toBe(true);
    expect(page.length).toBeLessThan(400_000);
  });

  it('says when the generator fell short', async () => {
    const verdict = {
      outcome: 'inconclusive',
      expectations: [
        {
          kind: 'generator',
          text: 'our own connects start on time (p99 of lateness at most 500 ms)',
          outcome: 'inconclusive',
          because: 'p99 of lateness is 900 ms',
          findings: [],
        },
      ],
    } as const;
    const record = await recordOf(plainEvents, [], { verdict });
    const page = buildPage(reportOf([record.run], { outcome: 'inconclusive' }), [record]);
    const text = [...renderPage(page, assets)].join('\n');
    expect(text).toContain('the generator fell short (p99 of lateness is 900 ms)');
    expect(text).toContain('</span> inconclusive</span>');
  });
});

describe('runs side by side', () => {
  it('fold what is the same and harmless, and keep in sight what no fix has cured', async () => {
    const records = [await recordOf(plainEvents), await recordOf(plainEvents)];
    const [before, after] = records;
    if (before === undefined || after === undefined) throw new Error('two runs were recorded');
    const metrics = { 'takeovers.count': 2, 'connects.failed': 0, 'connects.accepted': 9 };
    const runs = [
      { ...before.run, metrics },
      { ...after.run, metrics: { ...metrics, 'connects.accepted': 3 } },
    ];
    const built = buildPage(
      reportOf(runs),
      records.map((record, place) => ({ ...record, run: runs[place] ?? record.run })),
    );
    const [open = '', folded = ''] =
      [...renderPage(built, assets)]
        .join('\n')
        .split('id="comparison"')[1]
        ?.split('</section>')[0]
        ?.split('<details>') ?? [];
    expect(open).toContain('>takeovers</th><td>2</td><td>2</td>');
    expect(open).toContain('<td>3 <small class="muted">−67 %</small></td>');
    expect(open).not.toContain('connects failed');
    expect(folded).toContain('>connects failed</th><td>0</td><td>0</td>');
  });
});
