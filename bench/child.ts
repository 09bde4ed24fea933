/**
 * Child processes of the benches: what is measured runs in a process of its own, so that nothing
 * else is in its figures. All are gone when this program is, however it ends.
 */
import { type ChildProcess, fork, type SpawnOptions, spawn } from 'node:child_process';

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

function own(child: ChildProcess, signal: AbortSignal): void {
  const kill = (): void => void child.kill('SIGKILL');
  running.add(child);
  signal.addEventListener('abort', kill);
  child.once('exit', () => {
    running.delete(child);
    signal.removeEventListener('abort', kill);
  });
}

/** A program that answers one message with one message; see {@link answerParent}. */
export interface Helper {
  ask<Answer>(question: unknown): Promise<Answer>;
  end(): Promise<void>;
}

/** Starts one of the programs beside this file. */
export function startHelper(
  program: URL,
  signal: AbortSignal,
  execArgv: readonly string[] = [],
): Helper {
  signal.throwIfAborted();
  const child = fork(program, {
    execArgv: [...execArgv],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  own(child, signal);
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    ask: <Answer>(question: unknown) =>
      new Promise<Answer>((resolve, reject) => {
        const onMessage = (answer: unknown): void => {
          child.off('exit', onExit);
          resolve(answer as Answer);
        };
        const onExit = (code: number | null): void => {
          child.off('message', onMessage);
          const words = signal.aborted ? 'interrupted' : `a helper process ended with code ${code}`;
          reject(new Error(words));
        };
        child.once('message', onMessage).once('exit', onExit);
        child.send(question as object);
      }),
    end: () => {
      child.kill('SIGKILL');
      return gone;
    },
  };
}

/** In a helper: answers every message of the parent in turn, and ends with the parent. */
export function answerParent<Question>(answer: (question: Question) => Promise<unknown>): void {
  process.on('disconnect', () => process.exit());
  process.on('message', async (question) => {
    process.send?.((await answer(question as Question)) as object);
  });
}

/** Runs a program to its end. Throws, with what it said last, unless it exits with 0. */
export async function runProgram(
  file: string,
  args: readonly string[],
  { signal, ...options }: SpawnOptions & { readonly signal: AbortSignal },
): Promise<{ readonly output: string; readonly wallMs: number }> {
  signal.throwIfAborted();
  const startedAt = performance.now();
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  own(child, signal);
  let output = '';
  const take = (chunk: Buffer): void => {
    output += chunk.toString('utf8');
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  signal.throwIfAborted();
  if (code !== 0)
    throw new Error(`${file} ended with code ${code}: ${output.trim().slice(0, 400)}`);
  return { output, wallMs: performance.now() - startedAt };
}
