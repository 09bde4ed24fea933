/** The page of a real run with a fix, opened in Chromium from its file as a reader would. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BROKERS, type Report, runScenario } from '../../src/index.ts';
import { writeReportPage } from '../../src/run/report-page.ts';
import {
  axeViolations,
  chromium,
  launchChromium,
  type OpenedPage,
  openPage,
  type PageLook,
  screenshotFolder,
} from '../support/chromium.ts';
import { patientScenario } from '../support/patient-scenario.ts';

const READY = 'html[data-ready="yes"]';

/** What is asked in the page is text: the types of a browser are not those of the tests. */
const OVERFLOW = 'document.documentElement.scrollWidth - window.innerWidth';
const BLANK_CANVASES = `[...document.querySelectorAll('main canvas')].filter((canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return new Set(data).size < 2;
}).length`;
const UNFOLD = "for (const one of document.querySelectorAll('details')) one.open = true";
const FOCUSED = `((one) => one.tagName.toLowerCase() + '.' + (one.className || one.id))(
  document.activeElement ?? document.body)`;
const GROUND = 'getComputedStyle(document.body).backgroundColor';
const INK = 'getComputedStyle(document.body).color';
const PICTURES_READY = `[...document.querySelectorAll('img.picture')].every(
  (picture) => picture.complete && picture.naturalWidth > 0)`;

describe.skipIf(!chromium.available)(`the report page in Chromium${chromium.note}`, () => {
  let folder = '';
  let file = '';
  let report: Report;
  let browser: Browser;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'doppelfleet-page-'));
    const loaded = await patientScenario('cloned-client-ids');
    [report, browser] = await Promise.all([
      runScenario(loaded, {
        broker: { kind: 'local', adapter: BROKERS.embedded },
        certs: join(folder, 'certs'),
        out: join(folder, 'runs'),
        fixes: ['uuid-client-ids'],
        overrides: { timeScale: 0.4 },
      }),
      launchChromium(),
    ]);
    file = await writeReportPage(report);
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Opens the page, looks, closes; a page may never complain or ask for anything. */
  async function visit(
    look: PageLook,
    act: (opened: OpenedPage) => Promise<void>,
    page = file,
  ): Promise<void> {
    const opened = await openPage(browser, page, look);
    try {
      await opened.page.waitForSelector(READY);
      await act(opened);
      expect(opened.problems).toEqual([]);
    } finally {
      await opened.close();
    }
  }

  const titles = ({ page }: OpenedPage): Promise<string[]> =>
    page.locator('.pane-title').allInnerTexts();

  it.each([
    [1440, 'light'],
    [1440, 'dark'],
    [800, 'light'],
    [390, 'light'],
    [390, 'dark'],
  ] as const)('is whole at %d pixels in %s, without asking for anything', async (width, scheme) => {
    await visit({ width, colorScheme: scheme }, async ({ page }) => {
      expect(await page.evaluate(OVERFLOW)).toBeLessThanOrEqual(0);
      await expect(page.locator('h1').innerText()).resolves.toContain('cloned-client-ids');
      const shots = await screenshotFolder('report');
      await page.screenshot({ path: join(shots, `${width}-${scheme}.png`), fullPage: true });
      // Something was painted on every canvas.
      const blank = await page.evaluate(BLANK_CANVASES);
      expect(blank).toBe(0);
    });
  });

  it.each(['light', 'dark'] as const)(
    'has nothing that axe-core objects to in %s',
    async (scheme) => {
      await visit({ colorScheme: scheme, bypassPolicy: true }, async ({ page }) => {
        await page.evaluate(UNFOLD);
        await page.locator('.session-table tbody tr').first().waitFor();
        await page.locator('a.to-timeline').first().click();
        expect(await axeViolations(page)).toEqual([]);
      });
    },
  );

  it('shows both runs on one axis, the conflict before and none after', async () => {
    await visit({}, async (opened) => {
      const [before, after, ...others] = await titles(opened);
      expect(others).toEqual([]);
      expect(before).toMatch(/^as is 21 lanes, 1 in findings, \d+ sessions$/);
      expect(after).toBe('uuid-client-ids 26 lanes, 26 sessions');
    });
  });

  it('filters by text, by findings, and from a finding to the devices it is about', async () => {
    await visit({}, async (opened) => {
      const { page } = opened;
      await page.getByLabel('Filter').fill('pumps-1');
      await page.locator('.pane-title', { hasText: 'as is 11 lanes' }).waitFor();
      await page.getByLabel('Filter').fill('');
      await page.locator('.pane-title', { hasText: 'as is 21 lanes' }).waitFor();
      await page.getByLabel('Only in findings').check();
      expect(await titles(opened)).toEqual([
        expect.stringMatching(/^as is 1 lane, 1 in findings/),
        expect.stringMatching(/^uuid-client-ids 0 lanes/),
      ]);
      await page.getByLabel('Only in findings').uncheck();
      await page.locator('a.to-timeline').first().click();
      // After the fix the six devices have other client IDs; the truth knows them all the same.
      expect(await titles(opened)).toEqual([
        expect.stringMatching(/^as is 1 lane, 1 in findings/),
        expect.stringMatching(/^uuid-client-ids 6 lanes/),
      ]);
      await page.getByLabel('Lanes').selectOption('Device');
      expect((await titles(opened))[0]).toMatch(/^as is 6 lanes, 6 in findings/);
      await page.getByRole('button', { name: /^Finding: pump-firmware-default/ }).click();
      expect((await titles(opened))[1]).toBe('uuid-client-ids 26 lanes, 26 sessions');
    });
  });

  it('is walked through with the keyboard, and says where it is', async () => {
    await visit({}, async ({ page }) => {
      const said = (): Promise<string> => page.locator('#live').innerText();
      await page.locator('.pane-box').first().focus();
      await page.keyboard.press('ArrowDown');
      const first = await said();
      expect(first).toContain('client ID pump-firmware-default');
      expect(first).toMatch(/device \(simulator’s knowledge\) clones-\d/);
      await page.keyboard.press('ArrowRight');
      const second = await said();
      expect(second).toContain('client ID pump-firmware-default');
      expect(second).not.toBe(first);
      await page.keyboard.press('ArrowDown');
      expect(await said()).toContain('client ID pumps-');
      const wide = await page.locator('.pane-box canvas').first().screenshot();
      for (const key of ['+', '+', 'Shift+ArrowRight']) await page.keyboard.press(key);
      const zoomed = await page.locator('.pane-box canvas').first().screenshot();
      expect(zoomed.equals(wide)).toBe(false);
      await page.keyboard.press('Escape');
      await expect(page.locator('.chosen').isHidden()).resolves.toBe(true);
    });
  });

  it('is reached by Tab alone, from the skip link to the table of sessions', async () => {
    await visit({}, async ({ page }) => {
      const stops: string[] = [];
      for (let tab = 0; tab < 80; tab++) {
        await page.keyboard.press('Tab');
        stops.push(await page.evaluate(FOCUSED));
      }
      expect(stops[0]).toBe('a.skip');
      for (const stop of ['a.to-timeline', 'div.pane-box', 'button.theme', 'pre.command']) {
        expect(stops).toContain(stop);
      }
    });
  });

  it('has the sessions as a table, page by page', async () => {
    await visit({}, async ({ page }) => {
      await page.getByText('The same sessions as a table').click();
      const words = page.locator('.session-table [role=status]');
      await page.locator('.session-table tbody tr').first().waitFor();
      await expect(words.innerText()).resolves.toMatch(/^1 to 50 of \d+ sessions$/);
      await page.getByRole('button', { name: 'Next' }).click();
      await expect(words.innerText()).resolves.toMatch(/^51 to /);
      const row = page.locator('.session-table tbody tr').first();
      await expect(row.locator('td').count()).resolves.toBe(8);
    });
  });

  it('tells of a session under the pointer, and zooms where the wheel turns', async () => {
    await visit({}, async ({ page }) => {
      const box = page.locator('.pane-box').first();
      await box.scrollIntoViewIfNeeded();
      const { x, y, width } = (await box.boundingBox()) ?? { x: 0, y: 0, width: 0 };
      // The second lane is a steady pump, connected for nearly all of the time.
      await page.mouse.move(x + width * 0.7, y + 76);
      await expect(page.locator('.tooltip').innerText()).resolves.toContain('pumps-');
      const before = await box.locator('canvas').screenshot();
      await page.keyboard.down('Control');
      await page.mouse.wheel(0, -300);
      await page.keyboard.up('Control');
      await expect
        .poll(async () => before.equals(await box.locator('canvas').screenshot()))
        .toBe(false);
    });
  });

  it('keeps to the theme that was chosen by its button', async () => {
    await visit({ colorScheme: 'light' }, async ({ page }) => {
      const ground = (): Promise<string> => page.evaluate(GROUND);
      const light = await ground();
      const button = page.locator('#theme');
      await button.click();
      await button.click();
      await expect(button.innerText()).resolves.toBe('Theme: dark');
      expect(await ground()).not.toBe(light);
    });
  });

  it('prints in light colours with pictures in place of the drawings', async () => {
    await visit({ colorScheme: 'dark' }, async ({ page }) => {
      await page.emulateMedia({ media: 'print' });
      await page.evaluate("window.dispatchEvent(new Event('beforeprint'))");
      await page.waitForFunction(PICTURES_READY);
      const shown = await page.locator('img.picture:visible').count();
      expect(shown).toBeGreaterThan(6);
      const panes = page.locator('.pane-box img.picture');
      expect(await panes.count()).toBe(2);
      expect((await panes.first().boundingBox())?.height).toBeGreaterThan(100);
      await expect(page.locator('.toolbar').isVisible()).resolves.toBe(false);
      const ink = await page.evaluate(INK);
      expect(ink).toBe('rgb(27, 36, 48)');
      const shots = await screenshotFolder('report');
      await page.screenshot({ path: join(shots, 'print.png'), fullPage: true });
      await page.evaluate("window.dispatchEvent(new Event('afterprint'))");
      await expect(page.locator('img.picture').count()).resolves.toBe(0);
    });
    await visit({}, async ({ page }) => {
      const paper = await page.pdf({ format: 'A4' });
      expect(paper.subarray(0, 5).toString()).toBe('%PDF-');
    });
  });

  it('runs no script but its own', async () => {
    const text = await readFile(file, 'utf8');
    const changed = join(folder, 'changed.html');
    await writeFile(changed, text.replace('</main>', '</main><script>document.title="x"</script>'));
    const opened = await openPage(browser, changed);
    await opened.page.waitForSelector(READY);
    await expect(opened.page.title()).resolves.toContain('cloned-client-ids');
    expect(opened.problems.join('\n')).toContain('Content Security Policy');
    await opened.close();
  });

  it('is written again from the folder alone, and says what a cut history lacks', async () => {
    const again = await writeReportPage(report, join(folder, 'again.html'));
    expect(await readFile(again, 'utf8')).toBe(await readFile(file, 'utf8'));
    const [first, ...others] = report.runs;
    if (first === undefined) throw new Error('nothing was run');
    const history = join(folder, 'cut.ndjson');
    const lines = (await readFile(first.history, 'utf8')).split('\n');
    await writeFile(history, `${lines.slice(0, 40).join('\n')}\n{"event":39,"kin`);
    const cut = { ...report, runs: [{ ...first, history }, ...others] };
    await visit(
      {},
      async ({ page }) => {
        const words = page.locator('.card .warning');
        await expect(words.allInnerTexts()).resolves.toEqual([
          'history.ndjson has no end: it was cut short, and what is there is shown.',
          '1 line of history.ndjson could not be read.',
        ]);
      },
      await writeReportPage(cut, join(folder, 'cut.html')),
    );
  });
});
