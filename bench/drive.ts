/** Asks a process of its own for one drive. */
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { BenchContext } from './bench.ts';
import { startHelper } from './child.ts';
import type { DriveAnswer, DriveQuestion } from './drive-helper.ts';

export type Drive = Omit<DriveQuestion, 'folder'>;

/** After another that warms the process up, if it is given. Throws if a drive was not completed. */
export async function drive(
  { folder, signal }: Pick<BenchContext, 'folder' | 'signal'>,
  question: Drive,
  warmUp?: Drive,
): Promise<DriveAnswer> {
  const program = new URL('./drive-helper.ts', import.meta.url);
  const helper = startHelper(program, signal, ['--expose-gc']);
  const ask = async (one: Drive): Promise<DriveAnswer> => {
    const asked: DriveQuestion = { ...one, folder: mkdtempSync(path.join(folder, 'drive-')) };
    const answer = await helper.ask<DriveAnswer>(asked);
    rmSync(asked.folder, { recursive: true, force: true });
    if (answer.outcome !== 'completed') {
      throw new Error(`a drive ${answer.outcome}: ${answer.failure ?? 'for no known reason'}`);
    }
    return answer;
  };
  try {
    if (warmUp !== undefined) await ask(warmUp);
    return await ask(question);
  } finally {
    await helper.end();
  }
}
