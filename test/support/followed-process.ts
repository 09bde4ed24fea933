/** A process whose words a test waits for; it is gone when the test ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { onTestFinished } from 'vitest';

export interface FollowedProcess {
  readonly child: ChildProcess;
  /** What it has written on stdout and stderr. */
  said(): string;
  stdout(): string;
  /** Resolves when it has written the text; rejects when it ends first. */
  says(text: string): Promise<void>;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

/** Runs a TypeScript file, or any other that Node takes. */
export function followNode(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): FollowedProcess {
  return follow(process.execPath, argv, env);
}

/** Runs any program. */
export function follow(
  program: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): FollowedProcess {
  const child = spawn(program, argv, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let said = '';
  let stdout = '';
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (stream === child.stdout) stdout += text;
      for (const check of waiting) check();
    });
  }
  const ended = new Promise<number | string>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  onTestFinished(async () => {
    child.kill('SIGCONT');
    child.kill('SIGKILL');
    await ended;
  });
  return {
    child,
    ended,
    said: () => said,
    stdout: () => stdout,
    says: (text) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (!said.includes(text)) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
        void ended.then((code) => reject(new Error(`ended with ${code} first: ${said}`)));
      }),
  };
}
