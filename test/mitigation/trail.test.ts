/** The audit trail of a mitigation: on the disk before a step begins, one file for each task. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openTrail } from '../../src/mitigation/trail.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PROGRAM = fileURLToPath(new URL('../support/mitigation-crash.ts', import.meta.url));
const NODE = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url));
const ABOUT = { name: 'mitigation', taskId: 't', tool: 'x', now: 1 } as const;

test('a crash half-way leaves a trail that says what was begun and how to undo it', async () => {
  const folder = await temporaryFolder();
  const signal = await new Promise((resolve) => {
    execFile(NODE, [PROGRAM, folder], (error) => resolve(error?.signal));
  });
  expect(signal).toBe('SIGKILL');
  const text = await readFile(join(folder, 'mitigation-trail.ndjson'), 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  const [header, ...lines] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(header).toMatchObject({
    doppelfleet: 'mitigation-trail',
    taskId: 'task-1',
    who: { pid: expect.any(Number), tool: 'doppelfleet test' },
  });
  expect(lines.map(({ at: _, ...line }) => line)).toEqual([
    { phase: 'before', findingId: 'finding-1', actionName: 'revoke', what: 'reloaded the broker' },
    {
      phase: 'after',
      findingId: 'finding-1',
      actionName: 'revoke',
      what: 'reloaded the broker',
      status: 'done',
    },
    {
      phase: 'before',
      findingId: 'finding-1',
      actionName: 'revoke',
      what: 'put the certificate on the list',
      undo: 'take the certificate off the list',
    },
  ]);
});

test('a second task in one folder has files of its own', async () => {
  const folder = await temporaryFolder();
  const files = [openTrail(folder, ABOUT), openTrail(folder, ABOUT)];
  for (const { trail } of files) trail.close();
  expect(files.map(({ record }) => record)).toEqual([
    join(folder, 'mitigation.json'),
    join(folder, 'mitigation-2.json'),
  ]);
  expect((await readdir(folder)).sort()).toEqual([
    'mitigation-trail-2.ndjson',
    'mitigation-trail.ndjson',
  ]);
});

test('a folder that nothing can be written into is a clear sentence', async () => {
  expect(() => openTrail(join(PROGRAM, 'inside'), ABOUT)).toThrow(
    /cannot write .*mitigation-trail\.ndjson: a part of the path is not a folder/,
  );
});
