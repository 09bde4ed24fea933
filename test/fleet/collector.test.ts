/** The garbage collector's settings, in a process of their own: they can't be taken back. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

/**
 * Lives through several collections of what is new, so that V8 would enlarge the space for it; one
 * more leaves out the pages that it takes while it collects.
 */
const BUSY = `
  const kept = [];
  for (let count = 0; count < 1_000_000; count++) kept.push({ count, text: [count, count] });
  gc({ type: 'minor' });
  const space = v8.getHeapSpaceStatistics().find((one) => one.space_name === 'new_space');
  console.log(kept.length && space.space_size);
`;
/** It begins with 1 MiB or 2, and takes 12 and more if it may. */
const SMALL_BYTES = 4 * 1024 * 1024;

function newSpaceBytes(before: string): { readonly bytes: number; readonly stderr: string } {
  const text = `import v8 from 'node:v8'; ${before} ${BUSY}`;
  const program = ['--expose-gc', '--input-type=module', '--eval', text];
  const { stdout, stderr } = spawnSync(process.execPath, program, {
    encoding: 'utf8',
    cwd: import.meta.dirname,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  return { bytes: Number(stdout), stderr };
}

describe('collectAsFleet', () => {
  it('keeps the space for what is new small, without a word from V8', () => {
    const collector = new URL('../../src/fleet/collector.ts', import.meta.url);
    const { bytes, stderr } = newSpaceBytes(
      `const { collectAsFleet } = await import('${collector}'); collectAsFleet();`,
    );
    expect(stderr).toBe('');
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(SMALL_BYTES);
  });

  it('has something to do: otherwise the space grows', () => {
    expect(newSpaceBytes('').bytes).toBeGreaterThan(SMALL_BYTES);
  });
});
