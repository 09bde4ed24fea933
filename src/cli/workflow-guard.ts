/**
 * In a job of GitHub Actions every line that is printed may be a command to the runner. Client IDs,
 * log lines and file names come from outside: whatever we print is kept from being one, except what
 * is meant to be.
 */
import { commandGuard } from '../index.ts';
import type { CliEnvironment, OutputStream } from './environment.ts';

/** The environment with guarded streams, where a runner listens; its own streams stay reachable. */
export function guardWorkflow(env: CliEnvironment): CliEnvironment {
  if (env.env.GITHUB_ACTIONS !== 'true' && !env.argv.includes('--github')) return env;
  return { ...env, stdout: guarded(env.stdout), stderr: guarded(env.stderr), unguarded: env };
}

function guarded(stream: OutputStream): OutputStream {
  const guard = commandGuard();
  return new Proxy(stream, {
    get(target, key) {
      if (key === 'write') return (text: string) => target.write(guard(text));
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
