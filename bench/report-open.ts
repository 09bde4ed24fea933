/** The report page of a large run: how long Chromium takes until all of it is drawn. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import type { Bench } from './bench.ts';
import { answerOf } from './report.ts';
import { makeReportFolder, SESSIONS } from './report-folder.ts';
import { spread } from './spread.ts';

const ROUNDS = 5;
const SECONDS_MAX = 2;

/** From the start of the navigation until everything is drawn, and the frame after it is shown. */
const UNTIL_READY = `new Promise((resolve) => {
  const done = () => requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
  const root = document.documentElement;
  if (root.dataset.ready !== undefined) return done();
  new MutationObserver(done).observe(root, { attributes: true, attributeFilter: ['data-ready'] });
})`;

const EMPTY = '<!doctype html><html lang="en" data-ready="yes"><title>empty</title>';

export const openBench = {
  title: `seconds to open the page of ${SESSIONS} sessions in Chromium, against an empty page`,
  async run({ folder, signal, tell }) {
    const report = await makeReportFolder(folder, SESSIONS, signal);
    const { file, megabytes } = await answerOf({ task: 'page', file: report }, signal);
    const empty = path.join(folder, 'empty.html');
    await writeFile(empty, EMPTY);
    tell(`page of ${megabytes.toFixed(1)} MB`);
    const { chromium } = await import('playwright-core');
    const isRoot = process.getuid?.() === 0;
    const browser = await chromium.launch({
      executablePath: findChromium(),
      args: isRoot ? ['--no-sandbox'] : [],
    });
    const onAbort = (): void => void browser.close();
    signal.addEventListener('abort', onAbort);
    try {
      const [pages, references]: [number[], number[]] = [[], []];
      for (let round = 1; round <= ROUNDS; round++) {
        pages.push(await secondsToOpen(browser, file));
        references.push(await secondsToOpen(browser, empty));
        signal.throwIfAborted();
        tell(`round ${round} of ${ROUNDS}`);
      }
      return {
        ...spread(pages),
        bar: { atMost: SECONDS_MAX },
        unit: `s from navigation to drawn, ${SESSIONS} sessions`,
        reference: { what: 'an empty page in the same browser, s', ...spread(references) },
        details: { sessions: SESSIONS, megabytes, browser: browser.version() },
      };
    } finally {
      signal.removeEventListener('abort', onAbort);
      await browser.close();
    }
  },
} satisfies Bench;

/** In a context of its own: nothing is cached. */
async function secondsToOpen(browser: Browser, file: string): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  try {
    const page = await context.newPage();
    await page.goto(pathToFileURL(file).href, { waitUntil: 'commit' });
    const ms: number = await page.evaluate(UNTIL_READY);
    return ms / 1000;
  } finally {
    await context.close();
  }
}

function findChromium(): string {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const file = folders.map((one) => path.join(one, 'chromium')).find((one) => existsSync(one));
  if (file === undefined) throw new Error('chromium is not installed');
  return file;
}
