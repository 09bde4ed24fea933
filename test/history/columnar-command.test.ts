import path from 'node:path';
import { expect, test } from 'vitest';
import { runCli } from '../support/fake-environment.ts';
import { historyText, session, temporaryFile, temporaryFolder } from '../support/history-events.ts';

const events = [
  ...session('1', 'clone', 'a', [0, 1_000], 'session-taken-over'),
  ...session('2', 'clone', 'b', [1_000, 2_000]),
];

test('history convert makes a dataset that audit and info read', async () => {
  const file = await temporaryFile(historyText(events).replace('\n', '\nbroken\u001b[2J\n'));
  const to = path.join(await temporaryFolder(), 'month');
  const first = await runCli(['history', 'convert', file, '--to', to]);
  expect(first.code).toBe(0);
  expect(first.stdout).toContain('1 recording added, 0 known before; 4 events read, 1 line not');
  expect(first.stderr).toContain(`history.ndjson:2: not JSON`);
  const again = await runCli(['history', 'convert', file, '--to', to, '--json']);
  expect(JSON.parse(again.stdout)).toMatchObject({ added: 0, known: 1, events: 4, sessions: 2 });
  const audited = await runCli(['audit', to, '--json']);
  const direct = await runCli(['audit', file, '--json']);
  expect(audited).toEqual(direct);
  expect(audited.code).toBe(1);
  const info = await runCli(['history', 'info', to, '--verify']);
  // A line could not be read: what is shown is not all there was.
  expect(info.code).toBe(2);
  expect(info.stdout).toContain('dataset of 1 recording: 2 sessions, 1 client ID, 2 certificates');
  expect(info.stdout).toContain('verified');
  const json = await runCli(['history', 'info', file, '--json']);
  expect(JSON.parse(json.stdout)).toMatchObject({
    kind: 'histories',
    days: [{ day: '2026-01-01', rows: 4 }],
    sources: [{ events: 4, complete: true, unreadableLines: 1 }],
  });
});

test.each([
  { argv: ['history'], code: 64, says: 'Say what to do' },
  { argv: ['history', 'convert', 'a.ndjson'], code: 64, says: 'to' },
  {
    argv: ['history', 'convert', 'a.ndjson', '--to', 'x', '--memory', 'much'],
    code: 64,
    says: 'memory',
  },
  { argv: ['history', 'info', '/nonexistent'], code: 65, says: 'no such file' },
])('$argv ends with $code and a sentence', async ({ argv, code, says }) => {
  const result = await runCli(argv);
  expect(result.code).toBe(code);
  expect(result.stdout).toBe('');
  expect(result.stderr).toContain(says);
});
