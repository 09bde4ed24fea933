/** Small histories, plain and hostile, audited for real. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditHistory } from '../../src/audit/engine.ts';
import type { AuditResult } from '../../src/audit/finding.ts';
import type { AuditOptions } from '../../src/audit/options.ts';
import type { ObservedEvent } from '../../src/history/event.ts';
import { hostileEvents } from './audit-results.ts';
import { certificate, connected, header, historyText, session } from './history-events.ts';

/** Audits literal events as a history file with broker evidence. */
export async function auditOf(
  events: readonly ObservedEvent[],
  options: AuditOptions = {},
): Promise<AuditResult> {
  const folder = await mkdtemp(join(tmpdir(), 'doppelfleet-test-'));
  try {
    const file = join(folder, 'history.ndjson');
    await writeFile(file, historyText(events, header(['broker'])));
    return await auditHistory([file], options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const hostileAudit = (): Promise<AuditResult> => auditOf(hostileEvents());

/** One conflict (client `dev`) and one shared certificate (`c`), whose second session stays open. */
export const plainEvents: readonly ObservedEvent[] = [
  ...session('1', 'dev', 'a', [0, 1_000], 'session-taken-over'),
  ...session('2', 'dev', 'b', [1_000, 2_000], 'session-taken-over'),
  ...session('3', 'dev', 'a', [2_000, 3_000]),
  ...session('4', 'one', 'c', [0, 5_000]),
  connected('5', 'two', 1_000, { certificateId: certificate('c') }),
];

/** Everything closed well and every certificate known. */
export const quietEvents: readonly ObservedEvent[] = session('1', 'dev', 'a', [0, 1_000]);
