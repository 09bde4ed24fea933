/** The CLI's environment in memory: what it prints is collected, interrupts are given by hand. */

import type { CliEnvironment } from '../../src/cli/environment.ts';
import { main } from '../../src/cli/main.ts';

export interface CliRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line in this process, without colours. */
export async function runCli(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  onStderr: (text: string, interrupt: () => void) => void = () => {},
): Promise<CliRun> {
  let stdout = '';
  let stderr = '';
  const handlers = new Set<() => void>();
  const interrupt = (): void => {
    for (const handler of handlers) handler();
  };
  const environment: CliEnvironment = {
    argv,
    env: { HOME: '/nonexistent', ...env },
    stdout: {
      write: (text) => {
        stdout += text;
      },
    },
    stderr: {
      write: (text) => {
        stderr += text;
        onStderr(text, interrupt);
      },
    },
    onInterrupt: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
  const code = await main(environment);
  return { code, stdout, stderr };
}
