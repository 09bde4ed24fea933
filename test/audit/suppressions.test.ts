import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { auditHistory } from '../../src/audit/engine.ts';
import type { AuditSuppression } from '../../src/audit/suppression.ts';
import {
  addSuppression,
  parseSuppressions,
  readSuppressions,
  removeSuppressions,
} from '../../src/audit/suppression-file.ts';
import { UserError } from '../../src/core/errors.ts';
import {
  certificate,
  EPOCH,
  header,
  historyText,
  session,
  temporaryFile,
  temporaryFolder,
} from '../support/history-events.ts';

const CONFLICT = 'CONFLICTING_CLIENT_IDS_CHECK';
const SHARED = 'DEVICE_CERTIFICATE_SHARED_CHECK';

/** Client `pump` is evicted; certificate a is shared by `pump` and `valve`. */
const events = [
  ...session('1', 'pump', 'a', [1_000, 20_000], 'session-taken-over'),
  ...session('2', 'pump', 'a', [20_000, 50_000]),
  ...session('3', 'valve', 'a', [5_000, 40_000]),
];
const history = () => temporaryFile(historyText(events, header(['broker'])));

const pump: AuditSuppression = {
  checkName: CONFLICT,
  resourceIdentifier: { clientId: 'pump' },
  suppressIndefinitely: true,
};
const certificateA: AuditSuppression = {
  checkName: SHARED,
  resourceIdentifier: { deviceCertificateId: certificate('A') },
  expirationDate: (EPOCH + 86_400_000) / 1000,
};

const problemsOf = (text: string): readonly string[] => {
  try {
    parseSuppressions(text, 'suppressions.yaml');
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message.split('\n');
  }
};

describe('a suppressed finding', () => {
  test('is marked, counted apart, and does not stand against compliance', async () => {
    const audit = await auditHistory([await history()], { suppressions: [pump] });
    expect(audit.findings.map((one) => [one.checkName, one.isSuppressed])).toEqual([
      [CONFLICT, true],
      [SHARED, false],
    ]);
    expect(audit.auditDetails[CONFLICT]).toMatchObject({
      checkRunStatus: 'COMPLETED_COMPLIANT',
      checkCompliant: true,
      nonCompliantResourcesCount: 1,
      suppressedNonCompliantResourcesCount: 1,
    });
    expect(audit.taskStatistics).toMatchObject({ compliantChecks: 1, nonCompliantChecks: 1 });
    expect(audit.suppressions).toEqual([{ ...pump, status: 'used', findings: 1 }]);
  });

  test('is left out of the non-compliant count when that is asked for', async () => {
    const audit = await auditHistory([await history()], {
      suppressions: [pump, certificateA],
      semantics: { nonCompliantCounted: 'unsuppressed' },
    });
    for (const check of [CONFLICT, SHARED] as const) {
      expect(audit.auditDetails[check]).toMatchObject({
        checkCompliant: true,
        nonCompliantResourcesCount: 0,
        suppressedNonCompliantResourcesCount: 1,
      });
    }
  });

  test('hides neither missing evidence nor other findings', async () => {
    const unknown = session('9', 'lone', 'b', [2_000, 3_000]).map(
      ({ certificateId: _, ...event }) => event,
    );
    const file = await temporaryFile(historyText([...events, ...unknown], header(['broker'])));
    const audit = await auditHistory([file], { suppressions: [certificateA] });
    expect(audit.auditDetails[SHARED]?.doppelfleet.status).toBe('inconclusive');
  });

  test('counts again from the moment at which its suppression ends', async () => {
    const end = EPOCH + 86_400_000;
    const at = async (now: number) => {
      const audit = await auditHistory([await history()], { suppressions: [certificateA], now });
      return [audit.auditDetails[SHARED]?.checkCompliant, audit.suppressions?.[0]?.status];
    };
    expect(await at(end - 1)).toEqual([true, 'used']);
    expect(await at(end)).toEqual([false, 'expired']);
  });

  test('tells of suppressions that are unused, expired or could not be judged', async () => {
    const idle = { ...pump, resourceIdentifier: { clientId: 'other' } };
    const audit = await auditHistory([await history()], {
      now: EPOCH + 2 * 86_400_000,
      checks: [CONFLICT],
      suppressions: [pump, idle, { ...certificateA }, { ...certificateA, expirationDate: 4e9 }],
    });
    expect(audit.suppressions?.map((one) => one.status)).toEqual([
      'used',
      'unused',
      'expired',
      'not-evaluated',
    ]);
    const notes = audit.notes.join('\n');
    expect(notes).toContain(`${CONFLICT} on other matched no finding`);
    expect(notes).toContain('expired on 2026-01-02T00:00:00.000Z');
    expect(notes).not.toContain('on pump');
  });
});

describe('a file of suppressions', () => {
  test('has dates, instants and epoch seconds', () => {
    const entry = (date: string) => `
- checkName: ${CONFLICT}
  resourceIdentifier: { clientId: "pump" }
  expirationDate: ${date}
`;
    for (const date of ['2026-01-02', '2026-01-02T01:00:00+01:00', '1767312000', '"2026-01-02"']) {
      expect(parseSuppressions(`suppressions:${entry(date)}`, 'x')[0]?.expirationDate).toBe(
        1_767_312_000,
      );
    }
    // A bare list is understood, too.
    expect(parseSuppressions(entry('2026-01-02'), 'x')).toHaveLength(1);
  });

  test('may be what AWS lists', () => {
    const aws = `{"suppressions":[{"checkName":"${SHARED}","resourceIdentifier":
      {"deviceCertificateId":"${certificate('A')}"},"suppressIndefinitely":false,
      "expirationDate":1767312000.5,"clientRequestToken":"t"}]}`;
    expect(parseSuppressions(aws, 'x')).toEqual([
      {
        checkName: SHARED,
        resourceIdentifier: { deviceCertificateId: certificate('a') },
        expirationDate: 1_767_312_000.5,
      },
    ]);
  });

  test.each(['', '# nothing yet\n', 'suppressions:\n', 'suppressions: []\n'])(
    'holds none when it is %j',
    (text) => {
      expect(parseSuppressions(text, 'x')).toEqual([]);
    },
  );

  test('has every problem reported at its place', () => {
    const problems = problemsOf(`suppressions:
  - checkName: CONFLICTING_CLIENT_ID_CHECK
    resourceIdentifier: { clientId: a }
    suppressIndefinitely: true
  - checkName: ${SHARED}
    resourceIdentifier: { deviceCertificateId: abc }
  - checkName: ${SHARED}
    resourceIdentifier: { clientId: a }
    expirationDate: next week
    reason: none
  - checkName: ${CONFLICT}
    resourceIdentifier: { clientId: 17 }
    suppressIndefinitely: true
    expirationDate: 2027-01-01
  - just text
supressions: []
`);
    expect(problems).toEqual([
      expect.stringMatching(/^suppressions.yaml:16:1: unknown key "supressions"/),
      expect.stringMatching(
        /:2:16 suppressions.0.checkName: .*did you mean CONFLICTING_CLIENT_IDS/,
      ),
      expect.stringMatching(/:6:48 .*deviceCertificateId is not a certificate ID/),
      expect.stringMatching(/:5:5 suppressions.1: has no expirationDate/),
      expect.stringMatching(/:10:5 .*unknown key "reason"/),
      expect.stringMatching(/:8:25 .*is suppressed by deviceCertificateId/),
      expect.stringMatching(/:9:21 .*expirationDate is not a point in time/),
      expect.stringMatching(/:12:37 .*clientId is not a text/),
      expect.stringMatching(/:11:5 .*has an expirationDate and is suppressed indefinitely/),
      expect.stringMatching(/:15:5 .*this is not a suppression/),
    ]);
  });

  test('is refused with two entries for one thing, as AWS does', () => {
    const one = `
  - { checkName: ${CONFLICT}, resourceIdentifier: { clientId: a }, suppressIndefinitely: true }`;
    expect(problemsOf(`suppressions:${one}${one}`)).toEqual([
      expect.stringMatching(/:3:5 .*suppresses the same as entry 1/),
    ]);
  });

  test('is refused when it is no list, or no YAML', () => {
    expect(problemsOf('suppressions: yes please')).toHaveLength(1);
    expect(problemsOf('[')).toHaveLength(1);
  });
});

describe('the commands on a file of suppressions', () => {
  test('keep its comments and its other entries', async () => {
    const file = path.join(await temporaryFolder(), 'deep', 'suppressions.yaml');
    await addSuppression(file, pump);
    const text = await readFile(file, 'utf8');
    await writeFile(file, `${text}  # why: firmware 1.2\n`);
    await addSuppression(file, { ...certificateA, description: 'claim "certificate": #1' });
    expect(await readSuppressions(file)).toEqual([
      pump,
      {
        ...certificateA,
        resourceIdentifier: { deviceCertificateId: certificate('a') },
        description: 'claim "certificate": #1',
      },
    ]);
    const removed = await removeSuppressions(file, (one) => one.checkName === CONFLICT);
    expect(removed).toEqual([pump]);
    expect(await readSuppressions(file)).toHaveLength(1);
    expect(await readFile(file, 'utf8')).toContain('# Findings to live with');
  });

  test('refuse what is there already, and change nothing', async () => {
    const file = path.join(await temporaryFolder(), 'suppressions.yaml');
    await addSuppression(file, pump);
    await expect(addSuppression(file, { ...pump, description: 'again' })).rejects.toThrow(
      'there is a suppression of',
    );
    expect(await readSuppressions(file)).toEqual([pump]);
    expect(await removeSuppressions(file, () => false)).toEqual([]);
  });

  test.each(['', '[]', 'suppressions: []', 'suppressions:', '# only a comment'])(
    'can add to a file that is %j',
    async (content) => {
      const file = await temporaryFile(content, 'suppressions.yaml');
      await addSuppression(file, pump);
      expect(await readSuppressions(file)).toEqual([pump]);
    },
  );

  test('can add to a bare list', async () => {
    const bare = `- checkName: ${SHARED}
  resourceIdentifier: { deviceCertificateId: "${certificate('b')}" }
  suppressIndefinitely: true
`;
    const file = await temporaryFile(bare, 'suppressions.yaml');
    await addSuppression(file, pump);
    expect((await readSuppressions(file)).map((one) => one.checkName)).toEqual([SHARED, CONFLICT]);
  });

  test('keep hostile names as they are', async () => {
    const file = path.join(await temporaryFolder(), 'suppressions.yaml');
    const hostile = ['*x', '- a', '#', '{a: b}', 'null', '1e3', "it's", 'a\nb: c', '\u2028', '💥'];
    for (const clientId of hostile) {
      await addSuppression(file, { ...pump, resourceIdentifier: { clientId } });
    }
    const read = await readSuppressions(file);
    expect(read.map((one) => one.resourceIdentifier.clientId)).toEqual(hostile);
  });
});
