/**
 * All state of the process that the CLI may touch, in one object, so that its tests run in-process.
 * People's output and progress go to stderr, results to stdout.
 */
import { once } from 'node:events';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Style, terminalStyle } from '../index.ts';

export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

export interface CliEnvironment {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** The streams as they are, where those above are kept from giving commands to a CI runner. */
  readonly unguarded?: Pick<CliEnvironment, 'stdout' | 'stderr'>;
  /** Resolves at the next Enter, or when the signal aborts; absent without a keyboard. */
  readonly awaitEnter?: (signal: AbortSignal) => Promise<void>;
  /** Calls back at every interrupt (Ctrl-C, SIGTERM); the returned function ends that. */
  onInterrupt(handler: () => void): () => void;
  /** Calls back as the process exits, whatever the reason; the returned function ends that. */
  onExit?(handler: () => void): () => void;
}

export function processEnvironment(): CliEnvironment {
  for (const stream of [process.stdout, process.stderr]) {
    // A reader that has seen enough (`| head`) closes the pipe: no mistake, nothing to report.
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  return {
    argv: process.argv.slice(2),
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    ...(process.stdin.isTTY ? { awaitEnter } : {}),
    onInterrupt(handler) {
      process.on('SIGINT', handler).on('SIGTERM', handler);
      return () => process.off('SIGINT', handler).off('SIGTERM', handler);
    },
    onExit(handler) {
      process.on('exit', handler);
      return () => process.off('exit', handler);
    },
  };
}

/** The terminal stays as it is, so that Ctrl-C and editing work; nothing is read in between. */
async function awaitEnter(signal: AbortSignal): Promise<void> {
  try {
    await once(process.stdin.resume(), 'data', { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    process.stdin.pause();
  }
}

/** Colours as NO_COLOR, FORCE_COLOR and the terminal ask for. */
export function styleFor(stream: OutputStream, env: CliEnvironment['env']): Style {
  const wanted = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0';
  const unwanted = (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  const color = !unwanted && (wanted || stream.isTTY === true);
  return terminalStyle(color, stream.columns ?? columnsOf(env) ?? COLUMNS);
}

/** For files and pipes. */
const COLUMNS = 110;

/** What `COLUMNS` says, where no terminal knows better. */
function columnsOf({ COLUMNS: text = '' }: CliEnvironment['env']): number | undefined {
  return /^[1-9]\d{0,4}$/.test(text) ? Number(text) : undefined;
}

/** The user's own list of hosts that may be targets. */
export function allowListFile(env: CliEnvironment['env']): string {
  const config = env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config');
  return join(config, 'doppelfleet', 'targets.yaml');
}
