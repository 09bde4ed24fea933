/**
 * Everything through which people watch and steer the runs of a command: the terminal's progress,
 * Ctrl-C, and with `--ui` a page in the browser that shows the same and can stop or heal a run.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  canHeal,
  HealSwitch,
  LiveFeed,
  type LiveReport,
  loadLivePage,
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

/** Throws a `UserError` when the page can't be served. Must be ended, whatever happens. */
export async function openRunView(
  args: UiArguments & { readonly quiet?: boolean | undefined },
  env: CliEnvironment,
  style: Style,
): Promise<RunView> {
  const ui = uiFrom(args);
  const progress = args.quiet === true ? quietView(env) : openProgress(env, style);
  const { stream } = progress;
  const interrupt = interruptible({
    onInterrupt: (handler) => env.onInterrupt(handler),
    stderr: stream,
  });
  const heal = new HealSwitch();
  const terminal = {
    observer: progress.observer,
    scriptObserver: args.quiet === true ? {} : scriptObserver(stream, style),
  };
  const { signal, killSignal } = interrupt;
  const signals = { signal, killSignal, healSignal: heal.next };
  const leave = (): void => {
    progress.end();
    interrupt.end();
  };
  if (ui === undefined) return { ...terminal, signals, stream, end: async () => leave() };
  try {
    const untilInterrupt = (): Promise<void> =>
      new Promise((resolve) => {
        const off = env.onInterrupt(() => {
          off();
          resolve();
        });
      });
    const browser = await openBrowserView({ ...ui, stream, interrupt, heal, untilInterrupt });
    return {
      observer: allObservers([terminal.observer, browser.observer]),
      scriptObserver: allObservers([terminal.scriptObserver, browser.scriptObserver]),
      signals,
      stream,
      end: () => browser.end(leave),
    };
  } catch (error) {
    leave();
    throw error;
  }
}

function quietView({ stderr }: CliEnvironment): ProgressView {
  return { observer: {}, stream: stderr, end: () => {} };
}

interface BrowserViewOptions {
  readonly port?: number;
  readonly hold: boolean;
  readonly stream: OutputStream;
  readonly interrupt: Interrupt;
  readonly heal: HealSwitch;
  readonly untilInterrupt: () => Promise<void>;
}

async function openBrowserView(options: BrowserViewOptions) {
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
