/** The live page in a real browser, on the stream of a real server that a test feeds. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { LiveFeed } from '../../src/live/feed.ts';
import { loadLivePage } from '../../src/live/live-page.ts';
import { startLiveServer } from '../../src/live/live-server.ts';
import { canHeal } from '../../src/live/session.ts';
import {
  axeViolations,
  chromium,
  launchChromium,
  openPage,
  type PageLook,
  screenshotFolder,
} from '../support/chromium.ts';
import { notable, someProgress, someSecond } from '../support/run-progress.ts';

const HOSTILE = '</script><img src=x onerror=alert(1)> \\u{202e}gpj.exe';

describe.skipIf(!chromium.available)(`the live page${chromium.note}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  async function opened(look: PageLook = {}) {
    const feed = new LiveFeed('1.0.0');
    const asked: string[] = [];
    const server = await startLiveServer({
      page: await loadLivePage(),
      feed,
      onHeal: () => {
        asked.push('heal');
        const can = canHeal(feed.session);
        if (can) feed.publish({ type: 'healed' });
        return can;
      },
      onStop: () => {
        asked.push('stop');
        feed.publish({ type: 'stopping' });
      },
    });
    onTestFinished(() => server.close());
    publishRun(feed, 'cloned-client-ids');
    const { origin } = new URL(server.url);
    const mayRequest = (url: string): boolean => url.startsWith(`${origin}/`);
    const { page, problems, close } = await openPage(browser, server.url, { ...look, mayRequest });
    onTestFinished(close);
    await page.waitForSelector('html[data-state=running]');
    return { feed, server, asked, page, problems };
  }

  it('shows where the run stands and follows it, without a complaint of the browser', async () => {
    const { feed, page, problems } = await opened();
    await page.getByText('12.4 s of 30 s, 17.6 s until the faults end.').waitFor();
    expect(await page.title()).toBe('running · cloned-client-ids – doppelfleet live');
    expect(await page.locator('.figure', { hasText: 'Takeovers' }).innerText()).toMatch(
      /412\s+13\/s/,
    );
    expect(await page.locator('canvas').count()).toBe(4);
    const label = page.getByRole('img', { name: /^Takeovers, per second, at 5 s: takeovers 13/ });
    await label.waitFor();
    feed.progress(
      someProgress({ takeovers: 500, notable: [notable(1, 'a'), notable(3, HOSTILE)] }),
    );
    await page.getByText(HOSTILE).waitFor();
    feed.progress(someProgress({ phase: 'settling', phaseElapsedMs: 100, phaseMs: 3000 }));
    await page.waitForSelector('html[data-state=settling]');
    expect(problems).toEqual([]);
  });

  it('ends the faults and stops the run at the second press, by keyboard', async () => {
    const { page, asked, problems } = await opened();
    const heal = page.getByRole('button', { name: 'Heal' });
    await heal.focus();
    await page.keyboard.press('Enter');
    const question = page.getByRole('button', { name: 'End the faults? Press again' });
    await question.waitFor();
    await page.keyboard.press('Escape');
    await heal.waitFor();
    expect(asked).toEqual([]);
    await page.keyboard.press('Enter');
    await question.waitFor();
    await page.keyboard.press('Enter');
    await page.locator('[aria-live]', { hasText: 'the faults end' }).waitFor();
    await page.locator('button.heal[aria-disabled=true]').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await page.waitForSelector('html[data-state=stopping]');
    expect(asked).toEqual(['heal', 'stop']);
    expect(problems).toEqual([]);
  });

  it('says how it ended, and stays as it is when the server has gone', async () => {
    const { feed, server, page, problems } = await opened();
    finish(feed, false);
    await page.waitForSelector('html[data-state=ended]');
    await server.close();
    await page.getByText('The run has ended; nothing more will come.').waitFor();
    await page.getByText('runs/x/report.html').waitFor();
    expect(await page.locator('.outcome').innerText()).toContain('1 finding, 41 takeovers');
    expect(await page.locator('.connection').innerText()).toBe('');
    expect(await page.getByRole('button', { name: 'Stop' }).getAttribute('aria-disabled')).toBe(
      'true',
    );
    expect(problems).toEqual([]);
  });

  it('says so when the connection is lost in mid-run', async () => {
    const { server, page } = await opened();
    await server.close();
    await page.locator('.connection', { hasText: 'The connection is lost' }).waitFor();
  });

  it.each(['light', 'dark'] as const)(
    'is accessible in %s, wide and narrow',
    async (colorScheme) => {
      const folder = await screenshotFolder('live');
      for (const width of [1440, 390]) {
        const { feed, page } = await opened({ colorScheme, width, bypassPolicy: true });
        await page.screenshot({
          path: `${folder}/running-${colorScheme}-${width}.png`,
          fullPage: true,
        });
        expect(await axeViolations(page)).toEqual([]);
        publishVerdict(feed);
        publishRun(feed, 'cloned-client-ids', 'uuid-client-ids');
        finish(feed, true);
        await page.waitForSelector('html[data-state=ended]');
        await page.screenshot({
          path: `${folder}/ended-${colorScheme}-${width}.png`,
          fullPage: true,
        });
        expect(await axeViolations(page)).toEqual([]);
        const overflow = await page.evaluate(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        );
        expect(overflow).toBe(0);
      }
    },
  );
});

function publishRun(feed: LiveFeed, scenario: string, fix?: string): void {
  feed.publish({
    type: 'run',
    run: {
      scenario,
      purpose: 'Firmware with a hard-coded client ID; every copy evicts the previous one.',
      ...(fix === undefined ? {} : { fix }),
      devices: 46,
      target: 'embedded broker',
      seconds: [],
      notable: [],
    },
  });
  feed.publish({ type: 'broker', broker: 'aedes 2 at mqtts://127.0.0.1:1' });
  const seconds = [0, 5, 10, 50, 52].map((connects, place) => ({
    ...someSecond(connects, place),
    latencyP50Ms: 4 + place,
    latencyP99Ms: 20 + connects,
    latenessP99Ms: place,
  }));
  feed.progress(someProgress({ seconds }));
}

function publishVerdict(feed: LiveFeed): void {
  feed.publish({
    type: 'verdict',
    verdict: {
      outcome: 'unmet',
      ended: 'completed',
      findings: [`high: ${HOSTILE} – rival-devices (certain)`],
      findingsInAll: 1,
      takeovers: 41,
    },
  });
}

function finish(feed: LiveFeed, held: boolean): void {
  publishVerdict(feed);
  feed.publish({ type: 'note', text: 'careful' });
  const report = { scenario: 'cloned-client-ids', outcome: 'unmet', folder: 'runs/x' } as const;
  feed.publish({ type: 'ended', reports: [{ ...report, page: 'runs/x/report.html' }], held });
}
