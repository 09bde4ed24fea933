/**
 * Pages opened in a headless Chromium from outside the project, with everything noted that a page
 * of ours must never do: errors, messages on the console, requests.
 */
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { requireProgram } from './programs.ts';

export const chromium = requireProgram('chromium');

export interface PageLook {
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
  /** Lets a test put a script of its own into the page; the page's policy is off then. */
  readonly bypassPolicy?: boolean;
  /** Requests beside the page itself that are allowed; none by default. */
  readonly mayRequest?: (url: string) => boolean;
}

export interface OpenedPage {
  readonly page: Page;
  /** Errors, console messages, dialogs and requests that should not have been. */
  readonly problems: readonly string[];
  readonly close: () => Promise<void>;
}

/** Starts Chromium; the caller closes it. */
export async function launchChromium(): Promise<Browser> {
  const { chromium: engine } = await import('playwright-core');
  const isRoot = process.getuid?.() === 0;
  return engine.launch({
    executablePath: chromium.file,
    args: isRoot ? ['--no-sandbox'] : [],
  });
}

/** Opens a file (or a URL) in a context of its own. */
export async function openPage(
  browser: Browser,
  target: string,
  look: PageLook = {},
): Promise<OpenedPage> {
  const url = /^https?:/.test(target) ? target : pathToFileURL(target).href;
  const { colorScheme = 'light', width = 1440, height = 900, mayRequest = () => false } = look;
  const context: BrowserContext = await browser.newContext({
    colorScheme,
    viewport: { width, height },
    bypassCSP: look.bypassPolicy === true,
  });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('console', (message) => problems.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    const asked = request.url();
    const isOwn = asked === url || asked.startsWith('data:') || asked.startsWith('blob:');
    if (!isOwn && !mayRequest(asked)) problems.push(`request: ${asked}`);
  });
  await page.goto(url);
  return { page, problems, close: () => context.close() };
}

/** What axe-core finds wrong, a line for each rule; the page has to be opened with `bypassPolicy`. */
export async function axeViolations(page: Page): Promise<readonly string[]> {
  await page.addScriptTag({ path: createRequire(import.meta.url).resolve('axe-core/axe.min.js') });
  return page.evaluate(async () => {
    interface Violation {
      readonly id: string;
      readonly help: string;
      readonly nodes: readonly { readonly html: string }[];
    }
    const { axe } = globalThis as unknown as {
      readonly axe: { run(): Promise<{ readonly violations: readonly Violation[] }> };
    };
    const { violations } = await axe.run();
    return violations.map(
      ({ id, help, nodes }) => `${id}: ${help}; ${nodes.length} × ${nodes[0]?.html.slice(0, 200)}`,
    );
  });
}

/** Where screenshots of a test are kept: `runs/pages-test/<name>`, or below another folder. */
export async function screenshotFolder(name: string): Promise<string> {
  const root =
    process.env.DOPPELFLEET_KEEP_PAGES ??
    fileURLToPath(new URL('../../runs/pages-test', import.meta.url));
  const folder = join(root, name);
  await mkdir(folder, { recursive: true });
  return folder;
}
