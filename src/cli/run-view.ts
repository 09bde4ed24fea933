/**
 * Everything through which people watch and steer the runs of a command: the terminal's progress,
 * Ctrl-C, with `--ui` a page in the browser that shows the same and can stop or heal a run, and with
 * `--metrics` and `--otlp` the figures for a monitoring system.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  canHeal,
  HealSwitch,
  LiveFeed,
  type LiveReport,
  loadLivePage,
  type MetricsOptions,
  type OpenMetrics,
  openMetrics,
  type Report,
  type RunObserver,
  type ScriptObserver,
  type ScriptReport,
  type Style,
  startLiveServer,
  toolVersion,
} from '../index.ts';
import { allObservers } from './all-observers.ts';
import type { CliEnvironment, OutputStream } from './environment.ts';
import { feedObservers } from './feed-observers.ts';
import { type Interrupt, interruptible } from './interrupt.ts';
import { type MetricsArguments, metricsFrom } from './metrics-option.ts';
import { openProgress, type ProgressView } from './progress.ts';
import { scriptObserver } from './script-progress.ts';
import { type UiArguments, uiFrom } from './ui-option.ts';

export interface RunView {
  readonly observer: RunObserver;
  readonly scriptObserver: ScriptObserver;
  /** To be spread into the options of every run. */
  readonly signals: {
    readonly signal: AbortSignal;
    readonly killSignal: AbortSignal;
    readonly healSignal: () => AbortSignal;
  };
  /** Where everything else that is for people goes as long as the view is open. */
  readonly stream: OutputStream;
  /** With `--ui-hold` waits for an interrupt first. Then all is as it was before. */
  end(): Promise<void>;
}

type ViewArguments = UiArguments & MetricsArguments & { readonly quiet?: boolean | undefined };

/** Throws a `UserError` when the page or the metrics can't be served. Must be ended, whatever happens. */
export async function openRunView(
  args: ViewArguments,
  env: CliEnvironment,
  style: Style,
): Promise<RunView> {
  const ui = uiFrom(args);
  const wantedMetrics = metricsFrom(args, env.env);
  const progress = args.quiet === true ? quietView(env) : openProgress(env, style);
  const { stream } = progress;
  const interrupt = interruptible({
    onInterrupt: (handler) => env.onInterrupt(handler),
    stderr: stream,
  });
  const heal = new HealSwitch();
  const { signal, killSignal } = interrupt;
  const signals = { signal, killSignal, healSignal: heal.next };
  const leave = (): void => {
    progress.end();
    interrupt.end();
  };
  let metrics: OpenMetrics | undefined;
  let browser: BrowserView | undefined;
  try {
    if (wantedMetrics !== undefined) {
      metrics = await openMetricsView({
        ...wantedMetrics,
        stream,
        warn: (message) => progress.observer.warning?.(message),
      });
    }
    if (ui !== undefined) {
      const untilInterrupt = (): Promise<void> => nextInterrupt(env);
      browser = await openBrowserView({ ...ui, stream, interrupt, heal, untilInterrupt });
    }
  } catch (error) {
    leave();
    await metrics?.end();
    throw error;
  }
  const observers = [progress.observer, browser?.observer, metrics?.observer];
  const scripts = [args.quiet ? undefined : scriptObserver(stream, style), browser?.scriptObserver];
  return {
    observer: allObservers(observers.filter((one) => one !== undefined)),
    scriptObserver: allObservers(scripts.filter((one) => one !== undefined)),
    signals,
    stream,
    async end() {
      try {
        if (browser === undefined) leave();
        else await browser.end(leave);
      } finally {
        await metrics?.end();
      }
    },
  };
}

function nextInterrupt(env: CliEnvironment): Promise<void> {
  return new Promise((resolve) => {
    const off = env.onInterrupt(() => {
      off();
      resolve();
    });
  });
}

function quietView({ stderr }: CliEnvironment): ProgressView {
  return { observer: {}, stream: stderr, end: () => {} };
}

async function openMetricsView({
  stream,
  ...options
}: Omit<MetricsOptions, 'version'> & { readonly stream: OutputStream }): Promise<OpenMetrics> {
  const metrics = await openMetrics({ ...options, version: toolVersion() });
  if (metrics.url !== undefined) stream.write(`  metrics       ${metrics.url}\n`);
  return metrics;
}

interface BrowserView {
  readonly observer: RunObserver;
  readonly scriptObserver: ScriptObserver;
  end(leave: () => void): Promise<void>;
}

interface BrowserViewOptions {
  readonly port?: number;
  readonly hold: boolean;
  readonly stream: OutputStream;
  readonly interrupt: Interrupt;
  readonly heal: HealSwitch;
  readonly untilInterrupt: () => Promise<void>;
}

async function openBrowserView(options: BrowserViewOptions): Promise<BrowserView> {
  const { port, hold, stream, interrupt, heal, untilInterrupt } = options;
  const feed = new LiveFeed(toolVersion());
  const server = await startLiveServer({
    ...(port === undefined ? {} : { port }),
    page: await loadLivePage(),
    feed,
    onHeal: () => {
      if (!canHeal(feed.session) || !heal.heal()) return false;
      stream.write('  the faults are ended from the browser\n');
      feed.publish({ type: 'healed' });
      return true;
    },
    onStop: () => interrupt.stop('stopped from the browser'),
  });
  stream.write(`  live view     ${server.url}\n`);
  interrupt.signal.addEventListener('abort', () => feed.publish({ type: 'stopping' }));
  const { observer, scriptObserver: script, reports } = feedObservers(feed);
  return {
    observer,
    scriptObserver: script,
    async end(leave: () => void): Promise<void> {
      const held = hold && reports.length > 0 && !interrupt.signal.aborted;
      feed.publish({ type: 'ended', reports: reports.map(liveReport), held });
      leave();
      if (held) {
        stream.write(`  the live view stays at ${server.url}\n  Ctrl-C ends it\n`);
        await untilInterrupt();
      }
      await server.close();
    },
  };
}

function liveReport({ scenario, outcome, folder }: Report | ScriptReport): LiveReport {
  const page = join(folder, 'report.html');
  return { scenario: scenario.name, outcome, folder, ...(existsSync(page) ? { page } : {}) };
}
