/** Scenario files as text: read no further than they may be long, and told by a digest. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { EXIT, fileError, UserError } from '../core/errors.ts';
import { SCENARIO_BYTES_MAX } from '../core/limits.ts';

/** The text of a file; `UserError` when it can't be read or is longer than a scenario may be. */
export async function readScenarioText(file: string): Promise<string> {
  const text = await readBounded(file);
  if (text !== undefined) return text;
  throw new UserError(EXIT.invalidInput, {
    file,
    message: `the file is larger than ${SCENARIO_BYTES_MAX} bytes`,
    hint: 'a scenario describes groups of devices, not single ones',
  });
}

/** SHA-256 (hex) over a value with its keys in order: equal for files that mean the same. */
export function digestOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sortKeys(value)))
    .digest('hex');
}

async function readBounded(file: string): Promise<string | undefined> {
  try {
    const handle = await open(file);
    try {
      const stream = handle.createReadStream({ end: SCENARIO_BYTES_MAX, autoClose: false });
      const bytes = Buffer.concat(await stream.toArray());
      return bytes.length > SCENARIO_BYTES_MAX ? undefined : bytes.toString('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError(error, 'read', file);
  }
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortKeys(inner)]),
  );
}
