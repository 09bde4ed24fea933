/** Names that try to be something else, in a page that is really opened. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObservedEvent } from '../../src/history/event.ts';
import { writeReportPage } from '../../src/run/report-page.ts';
import { hostileEvents } from '../support/audit-results.ts';
import { chromium, launchChromium, openPage, screenshotFolder } from '../support/chromium.ts';
import { header, historyText } from '../support/history-events.ts';
import { recordOf, reportOf } from '../support/page-records.ts';

describe.skipIf(!chromium.available)(`a page of hostile names${chromium.note}`, () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'doppelfleet-page-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('shows them as text, runs none of them and asks for nothing', async () => {
    // Both sides of each connection, so that the truth's names are on the page too.
    const events = hostileEvents().flatMap((event) => {
      const place = { ip: '10.0.0.1', port: 1024 + Number.parseInt(event.sessionId, 36) };
      const own = { ...event, ...place, vantage: 'device', sessionId: `own ${event.sessionId}` };
      return [{ ...event, ...place }, own as ObservedEvent];
    });
    const history = join(folder, 'history.ndjson');
    await writeFile(history, historyText(events, header()));
    const hostile = '"><script>globalThis.taken = 1</script><img src=x onerror=alert(1)>';
    const truth = events
      .filter(({ kind, vantage }) => kind === 'connected' && vantage === 'device')
      .map(({ at, sessionId }) => ({ at, sessionId, device: hostile, kind: 'connecting' }));
    const lines = truth.map((line) => `${JSON.stringify(line)}\n`).join('');
    await writeFile(join(folder, 'truth.ndjson'), `{"doppelfleet":"truth"}\n${lines}`);
    const { run } = await recordOf(events, [], { history, folder, notes: [hostile] });
    const report = reportOf([run], { folder, reproduce: hostile });
    const file = await writeReportPage(report);
    const browser = await launchChromium();
    try {
      const { page, problems } = await openPage(browser, file);
      await page.waitForSelector('html[data-ready="yes"]');
      await page.getByText('The same sessions as a table').click();
      for (const grouping of ['Device', 'Certificate', 'Client ID']) {
        await page.getByLabel('Lanes').selectOption(grouping);
      }
      expect(await page.locator('a.to-timeline').count()).toBeGreaterThan(20);
      await page.locator('.pane-box').focus();
      for (const key of ['ArrowDown', 'End', 'ArrowUp']) await page.keyboard.press(key);
      const found = async (text: string, shown: string): Promise<void> => {
        await page.getByLabel('Filter').fill(text);
        const cells = page.locator('.session-table tbody tr:first-child td');
        await cells.nth(1).filter({ hasText: shown }).waitFor();
        await expect(cells.nth(2).innerText()).resolves.toBe(hostile);
      };
      await found('alert(1)</script>', '<script>alert(1)</script>');
      await found('nul', 'nul\\x00byte');
      await found('reversed', '\\x1b[31mred\\u{202e}reversed');
      await found('65,535', '(65,535 characters)');
      expect(await page.evaluate("'taken' in globalThis")).toBe(false);
      const strangers = await page.locator('main script, main img, main iframe').count();
      expect(strangers).toBe(0);
      const path = join(await screenshotFolder('report'), 'hostile.png');
      await page.screenshot({ path, fullPage: true });
      expect(problems).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
