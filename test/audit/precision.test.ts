/**
 * P1 to P19: where a naive check is wrong. Each situation is audited as AWS lists and in the strict
 * default; the table of verdicts, diagnoses and what decided is printed when all of them hold.
 */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { auditStore, type StoreAudit } from '../../src/audit/audit-store.ts';
import type { AuditOptions } from '../../src/audit/options.ts';
import { openHistoryStore } from '../../src/history/store.ts';
import { EPOCH, numbered } from '../support/history-events.ts';
import { PRECISION_CASES, type PrecisionCase, type Verdict } from '../support/precision-cases.ts';

const CONFLICT = 'CONFLICTING_CLIENT_IDS_CHECK';
const SHARED = 'DEVICE_CERTIFICATE_SHARED_CHECK';
const SCENARIOS = readdirSync(fileURLToPath(new URL('../../scenarios', import.meta.url)));

async function audit(given: PrecisionCase, options: AuditOptions): Promise<StoreAudit> {
  const vantages = given.vantages ?? given.events.map((event) => event.vantage);
  const store = await openHistoryStore();
  try {
    store.append(0, numbered(given.events));
    const endedAt = given.endsAt === undefined ? undefined : EPOCH + given.endsAt;
    const recording = { run: 0, hasBroker: vantages.includes('broker'), startedAt: EPOCH, endedAt };
    return await auditStore(store, [recording], {
      checks: [CONFLICT, SHARED],
      ...given.options,
      ...options,
    });
  } finally {
    await store.close();
  }
}

function verdictOf({ auditDetails }: StoreAudit): Verdict {
  const status = (check: typeof CONFLICT | typeof SHARED) =>
    auditDetails[check]?.doppelfleet.status;
  const [conflict, shared] = [status(CONFLICT), status(SHARED)];
  if (conflict === 'non-compliant') {
    return shared === 'non-compliant' ? 'CONFLICT + SHARED' : 'CONFLICT';
  }
  if (shared === 'non-compliant') return 'SHARED';
  return conflict === 'compliant' && shared === 'compliant' ? 'compliant' : 'inconclusive';
}

const rows: string[] = [];

describe('in the situations in which a naive check is wrong', () => {
  it.each(PRECISION_CASES)('$id $situation: $precise', async (given) => {
    const compatible = await audit(given, { awsCompat: true });
    const strict = await audit(given, {});
    const said = strict.findings.map(({ doppelfleet }) => doppelfleet);
    expect(verdictOf(compatible)).toBe(given.aws);
    expect(verdictOf(strict)).toBe(given.precise);
    expect(said.map(({ diagnosis, confidence }) => [diagnosis, confidence])).toEqual(
      given.diagnoses,
    );
    const { auditDetails } = strict;
    const missing = Object.values(auditDetails).flatMap((details) => details.doppelfleet.missing);
    const because = said.length > 0 ? (said[0]?.because ?? '') : missing.join('; ');
    expect(because).toContain(given.because ?? '');
    rows.push(row(given, because));
  });

  it('every one of P1 to P19 has a case, and the scenarios that it names exist', () => {
    const ids = new Set(PRECISION_CASES.map(({ id }) => id));
    expect([...ids]).toEqual(Array.from({ length: 19 }, (_, i) => `P${i + 1}`));
    const named = PRECISION_CASES.flatMap(({ scenarios = [] }) => scenarios);
    expect(named.filter((name) => !SCENARIOS.includes(`${name}.yaml`))).toEqual([]);
  });

  it('a problem that was mended is shown with the time at which it was last seen (P18)', async () => {
    const given = PRECISION_CASES.find(({ id }) => id === 'P18');
    const { findings } = await audit(given as PrecisionCase, {});
    expect(findings[0]?.doppelfleet.lastOccurrence).toBe(EPOCH + 1_000);
  });

  afterAll(() => {
    if (rows.length < PRECISION_CASES.length) return;
    const head =
      '| case | situation | AWS-compatible | strict | diagnosis | what decided | scenario |';
    process.stdout.write(`${[head, '|---|---|---|---|---|---|---|', ...rows].join('\n')}\n`);
  });
});

function row(
  { id, situation, aws, precise, diagnoses, scenarios }: PrecisionCase,
  because: string,
) {
  const diagnosis = diagnoses.map(([name, confidence]) => `${name} (${confidence})`).join(', ');
  const shown = scenarios?.join(', ') ?? '';
  return `| ${[id, situation, aws, precise, diagnosis || '–', because || '–', shown || 'history'].join(' | ')} |`;
}
