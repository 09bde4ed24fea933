import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { auditHistory, auditStore } from '../../src/audit/engine.ts';
import type { AuditResult } from '../../src/audit/finding.ts';
import type { AuditOptions } from '../../src/audit/options.ts';
import { UserError } from '../../src/core/errors.ts';
import type { CheckId } from '../../src/core/ids.ts';
import type { ConnectionEvent, ObservedEvent } from '../../src/history/event.ts';
import { openHistoryStore } from '../../src/history/store.ts';
import { resourceOf } from '../support/check-tester.ts';
import {
  certificate,
  connected,
  EPOCH,
  header,
  historyText,
  numbered,
  session,
  temporaryFile,
  temporaryFolder,
  trailer,
} from '../support/history-events.ts';
import { randomHistory } from '../support/history-random.ts';

const conflict = [
  ...session('1', 'dev', 'a', [0, 1_000], 'session-taken-over'),
  ...session('2', 'dev', 'b', [1_000, 2_000], 'session-taken-over'),
  ...session('3', 'dev', 'a', [2_000, 3_000]),
];
const shared = [
  ...session('4', 'one', 'c', [0, 5_000]),
  connected('5', 'two', 1_000, { certificateId: certificate('c') }),
];

async function auditText(text: string, options?: AuditOptions): Promise<AuditResult> {
  return auditHistory([await temporaryFile(text)], options);
}

describe('findings have the shape of AWS’s AuditFinding', () => {
  test('for a conflict of client IDs', async () => {
    const { findings, taskId } = await auditText(historyText(conflict));
    const { doppelfleet, ...finding } = findings[0] ?? {};
    expect(finding).toEqual({
      findingId: expect.stringMatching(/^[0-9a-f]{32}$/),
      taskId,
      checkName: 'CONFLICTING_CLIENT_IDS_CHECK',
      taskStartTime: (EPOCH + 60_000) / 1000,
      findingTime: (EPOCH + 60_000) / 1000,
      severity: 'HIGH',
      nonCompliantResource: {
        resourceType: 'CLIENT_ID',
        resourceIdentifier: { clientId: 'dev' },
      },
      relatedResources: [
        {
          resourceType: 'DEVICE_CERTIFICATE',
          resourceIdentifier: { deviceCertificateId: certificate('b') },
          additionalInfo: { DISCONNECTION_TIME: String(EPOCH + 2_000) },
        },
        {
          resourceType: 'DEVICE_CERTIFICATE',
          resourceIdentifier: { deviceCertificateId: certificate('a') },
          additionalInfo: { DISCONNECTION_TIME: String(EPOCH + 1_000) },
        },
      ],
      reasonForNonCompliance: expect.any(String),
      reasonForNonComplianceCode: 'DUPLICATE_CLIENT_ID_ACROSS_CONNECTIONS',
      isSuppressed: false,
    });
    expect(doppelfleet?.fixes).toContain('client-id-from-thing-name');
    expect(taskId).toMatch(/^[0-9a-f]{32}$/);
  });

  test('for a shared certificate: the open session has no DISCONNECTION_TIME', async () => {
    const { findings } = await auditText(historyText(shared));
    expect(findings[0]).toMatchObject({
      checkName: 'DEVICE_CERTIFICATE_SHARED_CHECK',
      severity: 'CRITICAL',
      reasonForNonCompliance: 'Certificate shared by one or more devices.',
      reasonForNonComplianceCode: 'CERTIFICATE_SHARED_BY_MULTIPLE_DEVICES',
    });
    expect(findings[0]?.nonCompliantResource).toEqual({
      resourceType: 'DEVICE_CERTIFICATE',
      resourceIdentifier: { deviceCertificateId: certificate('c') },
    });
    expect(findings[0]?.relatedResources).toEqual([
      {
        resourceType: 'CLIENT_ID',
        resourceIdentifier: { clientId: 'two' },
        additionalInfo: { CONNECTION_TIME: String(EPOCH + 1_000) },
      },
      {
        resourceType: 'CLIENT_ID',
        resourceIdentifier: { clientId: 'one' },
        additionalInfo: {
          CONNECTION_TIME: String(EPOCH),
          DISCONNECTION_TIME: String(EPOCH + 5_000),
        },
      },
    ]);
  });

  test('for a principal that is no certificate: its name stands under a key of ours', async () => {
    const principal = { principal: { kind: 'username', value: 'ann' } } as const;
    const events: ObservedEvent[] = [
      connected('1', 'dev', 0, principal),
      { ...connected('1', 'dev', 9, principal), kind: 'closed', reason: 'session-taken-over' },
    ];
    const { findings } = await auditText(historyText(events));
    expect(findings[0]?.relatedResources).toEqual([
      {
        resourceType: 'CLIENT_ID',
        resourceIdentifier: { clientId: 'dev' },
        additionalInfo: { DISCONNECTION_TIME: String(EPOCH + 9), PRINCIPAL_ID: 'ann' },
      },
    ]);
  });

  test('and auditDetails that of AWS’s map from check to counts', async () => {
    const { auditDetails } = await auditText(historyText([...conflict, ...shared]));
    const window = { from: EPOCH, to: EPOCH + 60_001 };
    expect(auditDetails).toEqual({
      CONFLICTING_CLIENT_IDS_CHECK: {
        checkRunStatus: 'COMPLETED_NON_COMPLIANT',
        checkCompliant: false,
        totalResourcesCount: 3,
        nonCompliantResourcesCount: 1,
        suppressedNonCompliantResourcesCount: 0,
        doppelfleet: { status: 'non-compliant', missing: [], window },
      },
      DEVICE_CERTIFICATE_SHARED_CHECK: {
        checkRunStatus: 'COMPLETED_NON_COMPLIANT',
        checkCompliant: false,
        totalResourcesCount: 3,
        nonCompliantResourcesCount: 1,
        suppressedNonCompliantResourcesCount: 0,
        doppelfleet: { status: 'non-compliant', missing: [], window },
      },
    });
  });
});

describe('an audit', () => {
  test('repeated gives the same answer byte for byte', async () => {
    const file = await temporaryFile(historyText([...conflict, ...shared]));
    const [first, second] = [await auditHistory([file]), await auditHistory([file])];
    expect(JSON.stringify(second)).toBe(JSON.stringify(first));
  });

  test('runs only the checks that are asked for', async () => {
    const checks = ['DEVICE_CERTIFICATE_SHARED_CHECK'] as const;
    const { auditDetails, findings } = await auditText(historyText([...conflict, ...shared]), {
      checks,
    });
    expect(Object.keys(auditDetails)).toEqual(checks);
    expect(findings.map((finding) => finding.checkName)).toEqual(checks);
  });

  test('gives a finding the same ID in every task, and a task with other options another', async () => {
    const file = await temporaryFile(historyText(conflict));
    const first = await auditHistory([file]);
    const second = await auditHistory([file], { now: EPOCH + 100_000 });
    expect(second.findings[0]?.findingId).toBe(first.findings[0]?.findingId);
    expect(second.taskId).not.toBe(first.taskId);
    expect(second.taskStartTime).toBe((EPOCH + 100_000) / 1000);
  });

  test('counts the facts of all sessions', async () => {
    const { statistics } = await auditText(historyText([...conflict, ...shared]));
    expect(statistics).toEqual({
      sessions: 5,
      clientIds: 3,
      certificates: 3,
      takeovers: 2,
      certificatesJoined: 0,
    });
  });

  test('refuses unknown checks, all at once, with the name that was meant', async () => {
    const checks = ['CONFLICTING_CLIENT_ID_CHECK', 'x'] as unknown as CheckId[];
    const refused = auditText(historyText(conflict), { checks });
    await expect(refused).rejects.toThrow(UserError);
    await expect(refused).rejects.toThrow('did you mean CONFLICTING_CLIENT_IDS_CHECK?');
    await expect(refused).rejects.toThrow('there is no check "x"');
  });

  test('refuses to run on no history and on no checks', async () => {
    await expect(auditHistory([])).rejects.toThrow('no history was named');
    await expect(auditText('', { checks: [] })).rejects.toThrow('no check was named');
  });

  test('goes on when a check fails, and says so', async () => {
    const store = await openHistoryStore();
    store.append(0, numbered([...conflict, ...shared]));
    const broken = {
      ...store,
      append: store.append.bind(store),
      query: (async (sql, parameters) => {
        if (sql.includes('sharers')) throw new Error('out of memory');
        return store.query(sql, parameters);
      }) as typeof store.query,
    };
    const run = { run: 0, hasBroker: true, startedAt: EPOCH, endedAt: undefined };
    const { auditDetails, findings } = await auditStore(broken, [run]);
    await store.close();
    expect(findings.map(resourceOf)).toEqual(['dev']);
    expect(auditDetails.DEVICE_CERTIFICATE_SHARED_CHECK).toMatchObject({
      checkRunStatus: 'FAILED',
      message: 'the check failed: out of memory',
      doppelfleet: { status: 'inconclusive' },
    });
  });

  test('of 100,000 overlapping sessions on one certificate needs no pairs', async () => {
    const count = 100_000;
    const store = await openHistoryStore();
    const events = Array.from(
      { length: count },
      (_, i): ConnectionEvent => ({
        event: i,
        ...connected(`s${i}`, `dev-${i}`, i, { certificateId: certificate('a') }),
      }),
    );
    store.append(0, events);
    const { findings } = await auditStore(
      store,
      [{ run: 0, hasBroker: true, startedAt: EPOCH, endedAt: EPOCH + 10 * count }],
      { checks: ['DEVICE_CERTIFICATE_SHARED_CHECK'] },
    );
    await store.close();
    expect(findings).toHaveLength(1);
    expect(findings[0]?.doppelfleet).toMatchObject({
      occurrences: (count * (count - 1)) / 2,
      relatedTotal: count,
      evidenceTotal: count,
    });
    expect(findings[0]?.relatedResources).toHaveLength(10_000);
    expect(findings[0]?.doppelfleet.evidence).toHaveLength(200);
  });
});

describe('several histories are one body of evidence', () => {
  const other = header(['broker'], { runId: 'run-2', startedAt: EPOCH + 100_000 });

  test('whose session IDs may repeat and whose event numbers run on', async () => {
    const one = await temporaryFile(historyText(conflict));
    const two = await temporaryFile(historyText(shared, other));
    const { findings, sources } = await auditHistory([one, two]);
    expect(sources.map((source) => source.evidenceOffset)).toEqual([0, conflict.length]);
    expect(findings.map((finding) => finding.doppelfleet.evidence)).toEqual([
      [0, 1, 2, 3, 4],
      [6, 7, 8],
    ]);
  });

  test('but a copy of a history adds nothing', async () => {
    const text = historyText([...conflict, ...shared]);
    const alone = await auditText(text);
    const both = await auditHistory([await temporaryFile(text), await temporaryFile(text)]);
    expect(both.findings).toEqual(alone.findings);
    expect(both.notes).toEqual([expect.stringContaining('read as one recording')]);
  });

  test('and an open session ends with its own recording, not with the last', async () => {
    const open = [connected('1', 'one', 0, { certificateId: certificate('a') })];
    const later = session('1', 'two', 'a', [100_000, 200_000]);
    const one = await temporaryFile(historyText(open));
    const two = await temporaryFile(historyText(later, other, trailer(2, EPOCH + 200_000)));
    const { findings } = await auditHistory([one, two]);
    expect(findings).toEqual([]);
  });
});

describe('what limits an answer is noted', () => {
  test('a truncated file with unreadable lines', async () => {
    const text = historyText(conflict, header(), 'truncated');
    const { notes, sources, findings } = await auditText(`${text}{"event":7,"ki`);
    expect(findings).toHaveLength(1);
    expect(sources[0]).toMatchObject({
      complete: false,
      unreadableLines: 1,
      examples: [{ line: 8, message: 'cut off in the middle' }],
    });
    expect(notes).toEqual([
      expect.stringContaining('the history is truncated'),
      expect.stringContaining('1 line could not be read'),
    ]);
  });

  test('events that the trailer counts and the file lacks', async () => {
    const { notes } = await auditText(historyText(conflict, header(), trailer(9)));
    expect(notes).toEqual([expect.stringContaining('counts 9 events, 6 could be read')]);
  });

  test('device records without a counterpart, and takeovers that were inferred', async () => {
    const device = { vantage: 'device' } as const;
    const stray = session('d', 'dev', 'a', [0, 9], 'client-initiated', device);
    const { notes } = await auditText(historyText([...conflict, ...stray]));
    expect(notes).toEqual([expect.stringContaining('1 session in the devices')]);
    const alone = [
      ...session('1', 'dev', 'a', [0, 99], 'connection-lost', device),
      ...session('2', 'dev', 'a', [100, 200], 'client-initiated', device),
    ];
    const inferred = await auditText(historyText(alone, header(['device'])));
    expect(inferred.notes).toEqual([expect.stringContaining('1 takeover inferred')]);
  });
});

describe('the answer does not depend on', () => {
  const text = (events: readonly ConnectionEvent[]) =>
    [header(), ...events].map((line) => `${JSON.stringify(line)}\n`).join('');

  async function audits(folder: string, ...texts: readonly string[]) {
    const results: AuditResult[] = [];
    for (const [i, content] of texts.entries()) {
      const file = path.join(folder, `${i}.ndjson`);
      await writeFile(file, content);
      results.push(await auditHistory([file], { takeoverToleranceMs: 100 }));
    }
    return results;
  }

  const numRuns = 15;

  test('the order of lines, nor on repeated ones', async () => {
    const folder = await temporaryFolder();
    await fc.assert(
      fc.asyncProperty(randomHistory, fc.infiniteStream(fc.nat()), async ({ events }, stream) => {
        const key = new Map(events.map((event) => [event, stream.next().value ?? 0]));
        const shuffled = [...events].sort((a, b) => (key.get(a) ?? 0) - (key.get(b) ?? 0));
        const end = `${JSON.stringify(trailer(events.length))}\n`;
        const [plain, disordered, doubled] = await audits(
          folder,
          text(events) + end,
          text(shuffled) + end,
          text([...shuffled, ...events]) + end,
        );
        expect(JSON.stringify(disordered?.findings)).toBe(JSON.stringify(plain?.findings));
        expect(JSON.stringify(doubled?.findings)).toBe(JSON.stringify(plain?.findings));
        expect(doubled?.auditDetails).toEqual(plain?.auditDetails);
      }),
      { numRuns },
    );
  });

  test('when it happened: shifted times shift the times of findings', async () => {
    const folder = await temporaryFolder();
    await fc.assert(
      fc.asyncProperty(randomHistory, fc.integer({ min: 1, max: 1e9 }), async ({ events }, by) => {
        const shift = (event: ConnectionEvent) => ({ ...event, at: event.at + by });
        const [plain, shifted] = await audits(
          folder,
          text(events),
          text(events.map(shift)).replace(`"startedAt":${EPOCH}`, `"startedAt":${EPOCH + by}`),
        );
        const outline = (result: AuditResult | undefined, ago: number) =>
          result?.findings.map(({ nonCompliantResource, doppelfleet }) => ({
            nonCompliantResource,
            ...doppelfleet,
            lastOccurrence: doppelfleet.lastOccurrence - ago,
          }));
        expect(outline(shifted, by)).toEqual(outline(plain, 0));
      }),
      { numRuns },
    );
  });

  test('what clients are called, however hostile', async () => {
    const folder = await temporaryFolder();
    const hostile = [
      `'; DROP TABLE events; --`,
      '"\n\r\t\\',
      'a\u0000b',
      '\u202e😀\u001b[2J',
      '',
      '$from',
      `${'x'.repeat(65_534)}€`,
    ];
    await fc.assert(
      fc.asyncProperty(
        randomHistory,
        fc.shuffledSubarray(hostile, { minLength: 3 }),
        async (given, names) => {
          const renamed = new Map(['one', 'two', 'three'].map((id, i) => [id, names[i] ?? '']));
          const rename = (event: ConnectionEvent) => ({
            ...event,
            clientId: renamed.get(event.clientId) ?? '',
          });
          const [plain, odd] = await audits(
            folder,
            text(given.events),
            text(given.events.map(rename)),
          );
          const outline = (
            result: AuditResult | undefined,
            name: (id: string) => string | undefined,
          ) =>
            result?.findings
              .map((finding) => {
                const id = resourceOf(finding) ?? '';
                return [renamed.has(id) ? name(id) : id, finding.doppelfleet];
              })
              .map((line) => JSON.stringify(line))
              .sort();
          expect(
            odd?.findings
              .map((finding) => JSON.stringify([resourceOf(finding), finding.doppelfleet]))
              .sort(),
          ).toEqual(outline(plain, (id) => renamed.get(id)));
        },
      ),
      { numRuns },
    );
  });
});
