/** What is lost of the evidence is never a pass: damaged, cut, noise, unread lines, no trailer. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { compareAudits } from '../../src/audit/compare.ts';
import { convertHistories } from '../../src/audit/convert-histories.ts';
import { auditHistory } from '../../src/audit/engine.ts';
import { evidenceGaps } from '../../src/audit/evidence-gaps.ts';
import type { AuditResult } from '../../src/audit/finding.ts';
import type { CheckId } from '../../src/core/ids.ts';
import { asffFindings } from '../../src/report/exports/asff.ts';
import {
  certificate,
  header,
  historyText,
  session,
  temporaryFile,
  temporaryFolder,
  trailer,
} from '../support/history-events.ts';

const CONFLICT: CheckId = 'CONFLICTING_CLIENT_IDS_CHECK';
const SHARED: CheckId = 'DEVICE_CERTIFICATE_SHARED_CHECK';

const quiet = session('1', 'one', 'a', [0, 1_000]);
const conflict = [
  ...session('1', 'dev', 'a', [0, 1_000], 'session-taken-over'),
  ...session('2', 'dev', 'b', [1_000, 2_000], 'session-taken-over'),
  ...session('3', 'dev', 'a', [2_000, 3_000]),
  ...session('4', 'one', 'c', [0, 5_000]),
  ...session('5', 'two', 'c', [1_000, 4_000]),
];

/** A day's log of Mosquitto without anything to find. */
function log(count: number, from = 1_795_208_400): string {
  return Array.from({ length: count }, (_, i) => {
    const peer = `10.0.0.1:${1000 + i}`;
    return (
      `${from + i}: New connection from ${peer} on port 8883.\n` +
      `${from + i}: New client connected from ${peer} as dev-${i} (p2, c1, k60, u'user-${i}').\n` +
      `${from + i}: Client dev-${i} disconnected.\n`
    );
  }).join('');
}

const NOISE = Buffer.from(Array.from({ length: 4_000 }, (_, i) => (i * 7919 + (i >> 3)) % 256));

/** The bytes of a gzip file with eighty of them overwritten in the middle. */
function overwritten(packed: Buffer): Buffer {
  const bytes = Buffer.from(packed);
  const middle = Math.floor(bytes.length / 2);
  bytes.fill(0xff, middle, middle + 80);
  return bytes;
}

const damagedFromStart = Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xff, 0xff]);

async function folderOf(contents: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, content] of Object.entries(contents)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  return folder;
}

const missingOf = ({ auditDetails }: AuditResult, check: CheckId = CONFLICT): readonly string[] =>
  auditDetails[check]?.doppelfleet.missing ?? ['the check did not run'];

const statusOf = ({ auditDetails }: AuditResult, check: CheckId = CONFLICT) =>
  auditDetails[check]?.doppelfleet.status;

/** Audits the inputs and a dataset of them, which must say the same. */
async function auditBothWays(...inputs: readonly string[]): Promise<AuditResult> {
  const audit = await auditHistory(inputs);
  const to = path.join(await temporaryFolder(), 'dataset');
  await convertHistories(inputs, { to, toolVersion: 'test' });
  expect(await auditHistory([to])).toEqual(audit);
  return audit;
}

describe('a folder of logs', () => {
  test('with noise and a damaged archive among the rotated logs is no pass', async () => {
    const folder = await folderOf({
      'mosquitto.log': log(3),
      'mosquitto.log.1': NOISE,
      'mosquitto.log.2.gz': damagedFromStart,
      'README.md': '# Logs\n',
    });
    const audit = await auditBothWays(folder);
    expect(statusOf(audit)).toBe('inconclusive');
    expect(missingOf(audit)).toEqual([
      expect.stringMatching(/^evidence: .*mosquitto\.log\.1 could not be read: a binary file/),
      expect.stringMatching(/^evidence: .*mosquitto\.log\.2\.gz could not be read: .*damaged/),
    ]);
    expect(audit.sources.map(({ complete, leftOut }) => [complete, leftOut])).toEqual([
      [true, [path.join(folder, 'README.md')]],
      [false, undefined],
      [false, undefined],
    ]);
    expect(audit.notes.join('\n')).toMatch(/mosquitto\.log\.1 could not be read.*nothing of it/);
  });

  test.each<readonly [string, string, Buffer]>([
    ['an archive in a format that is not read here', 'm.log.1.zst', zstd()],
    ['a gzip archive of which nothing is left', 'other.gz', gzipSync(log(50)).subarray(0, 12)],
  ])('with %s is no pass', async (_, name, bytes) => {
    const audit = await auditBothWays(await folderOf({ 'm.log': log(3), [name]: bytes }));
    expect(statusOf(audit)).toBe('inconclusive');
    expect(missingOf(audit)).toEqual([expect.stringContaining(name)]);
  });

  test('with a run whose history is no history any more is no pass', async () => {
    const folder = await folderOf({
      'one/history.ndjson': historyText(quiet),
      'two/history.ndjson': '',
    });
    const audit = await auditBothWays(folder);
    expect(missingOf(audit)).toEqual([expect.stringMatching(/two.*could not be read.*empty/)]);
  });

  test('with files of another kind is as good as without, and names them all', async () => {
    const others = ['a.json', 'b.yaml', 'c.md', 'd.bin', 'e.zip', 'm.log.1'];
    const folder = await folderOf({
      'm.log': log(3),
      'a.json': '{"name":"x"}\n',
      'b.yaml': 'name: x\n',
      'c.md': '# x\n',
      'd.bin': NOISE,
      'e.zip': Buffer.from('PK\u0003\u0004 and more'),
      'm.log.1': '',
    });
    const audit = await auditBothWays(folder);
    expect(statusOf(audit)).toBe('compliant');
    expect(audit.sources).toMatchObject([
      { complete: true, leftOut: others.map((name) => path.join(folder, name)) },
    ]);
    expect(audit.notes.join('\n')).toMatch(/6 files left out as no evidence: .*, …/);
  });
});

describe('a packed log', () => {
  const packed = gzipSync(log(4_000));

  test.each([
    ['cut off', packed.subarray(0, packed.length / 2)],
    ['damaged', overwritten(packed)],
  ] as const)('that is %s is used as far as it goes, and is no pass', async (word, bytes) => {
    const file = await temporaryFile(bytes, 'm.log.gz');
    const audit = await auditBothWays(file);
    expect(audit.statistics.sessions).toBeGreaterThan(100);
    expect(audit.sources).toMatchObject([{ complete: false, damage: [`${file} is ${word}`] }]);
    expect(statusOf(audit)).toBe('inconclusive');
    expect(missingOf(audit)).toContain(`evidence: ${file} is ${word}`);
    expect(audit.notes.join('\n')).toContain(`${file} is ${word}: what could be unpacked was used`);
  });

  test('of ours with a wrong checksum is not believed to be whole, trailer or not', async () => {
    const many = Array.from({ length: 3_000 }, (_, i) => session(`${i}`, `${i}`, 'a', [i, i]));
    const bytes = gzipSync(historyText(many.flat()));
    bytes.writeUInt32LE(1, bytes.length - 8);
    const file = await temporaryFile(bytes, 'history.ndjson.gz');
    const audit = await auditBothWays(file);
    expect(audit.sources).toMatchObject([{ complete: false, damage: [`${file} is damaged`] }]);
    expect(missingOf(audit)).toContain(`evidence: ${file} is damaged`);
  });
});

describe('a source that can be read in part', () => {
  test('because of lines in it is no pass, but a finding stays one', async () => {
    const broken = 'no line of Mosquitto\n'.repeat(8);
    const file = await temporaryFile(`${log(30)}${broken}`, 'mosquitto.log');
    const audit = await auditBothWays(file);
    expect(statusOf(audit)).toBe('inconclusive');
    expect(missingOf(audit)).toEqual([`evidence: 8 lines of ${file} could not be read`]);
    const found = await temporaryFile(`${historyText(conflict)}broken\n`);
    const proven = await auditBothWays(found);
    expect(statusOf(proven)).toBe('non-compliant');
    expect(missingOf(proven)).toEqual([`evidence: 1 line of ${found} could not be read`]);
  });

  test('because a history of ours lacks its trailer or events is no pass', async () => {
    const cut = await temporaryFile(historyText(quiet, header(), 'truncated'));
    const audit = await auditBothWays(cut);
    for (const check of [CONFLICT, SHARED]) {
      expect(statusOf(audit, check)).toBe('inconclusive');
      expect(missingOf(audit, check)).toEqual([`evidence: ${cut} ends without its trailer`]);
    }
    const fewer = await temporaryFile(historyText(quiet, header(), trailer(9)));
    expect(missingOf(await auditBothWays(fewer))).toEqual([
      `evidence: the trailer of ${fewer} counts 9 events, 2 are there`,
    ]);
  });

  test('is whole with its other parts, or with a whole copy', async () => {
    const [head = '', ...lines] = historyText(quiet).trimEnd().split('\n');
    const part = async (...texts: readonly string[]) =>
      temporaryFile(`${[head, ...texts].join('\n')}\n`);
    const [first, rest] = [await part(lines[0] ?? ''), await part(...lines.slice(1))];
    expect(statusOf(await auditBothWays(first, rest))).toBe('compliant');
    const whole = await temporaryFile(historyText(quiet));
    expect(statusOf(await auditBothWays(first, whole))).toBe('compliant');
    expect(statusOf(await auditBothWays(rest, rest))).toBe('inconclusive');
  });

  test.each(['completed', 'interrupted', 'failed'] as const)(
    'is not a whole one of a run that was %s, or a log that knows no trailer',
    async (outcome) => {
      const end = { ...trailer(quiet.length), outcome };
      const file = await temporaryFile(historyText(quiet, header(), end));
      const other = await temporaryFile(log(3), 'mosquitto.log');
      expect(statusOf(await auditBothWays(file, other))).toBe('compliant');
    },
  );
});

test('of very many causes the first are named and the rest counted', () => {
  const one = { file: 'x', header: header(), trailer: undefined, examples: [] };
  const many = Array.from({ length: 50 }, (_, run) => ({
    ...one,
    run,
    events: 0,
    unreadableLines: 0,
  }));
  const gaps = evidenceGaps(many);
  expect(gaps).toHaveLength(21);
  expect(gaps[20]).toBe('evidence: 30 more of the kind');
});

describe('a finding that is not seen again in evidence with gaps', () => {
  const ACCOUNT = { account: '123456789012', region: 'eu-west-1' };

  test('is neither gone nor archived; with whole evidence it is', async () => {
    const before = await auditHistory([await temporaryFile(historyText(conflict))]);
    expect(before.findings).toHaveLength(2);
    const previous = asffFindings(before, ACCOUNT);
    const head = header(['broker', 'device'], { runId: 'run-2' });
    const unlike = session('1', 'one', 'd', [0, 1_000]);
    const states = (audit: AuditResult) =>
      asffFindings(audit, { ...ACCOUNT, previous })
        .filter(({ ProductFields }) => ProductFields.ReportType === 'AuditFinding')
        .map(({ RecordState }) => RecordState);
    const whole = await auditHistory([await temporaryFile(historyText(unlike, head))]);
    expect(compareAudits(before, whole).gone).toHaveLength(2);
    expect(states(whole)).toEqual(['ARCHIVED', 'ARCHIVED']);
    const gappy = await auditHistory([await temporaryFile(`${historyText(unlike, head)}?\n`)]);
    expect(compareAudits(before, gappy)).toMatchObject({ gone: [], undecided: before.findings });
    expect(states(gappy)).toEqual(['ACTIVE', 'ACTIVE']);
  });

  test('is not gone either when the check has another finding', async () => {
    const before = await auditHistory([await temporaryFile(historyText(conflict))]);
    const other = conflict.map((event) => ({
      ...event,
      clientId: `other-${event.clientId}`,
      certificateId: certificate('f'),
    }));
    const after = await auditHistory([await temporaryFile(`${historyText(other)}?\n`)]);
    expect(after.findings).not.toEqual([]);
    expect(compareAudits(before, after).gone).toEqual([]);
  });
});

function zstd(): Buffer {
  return Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0, 0]);
}
