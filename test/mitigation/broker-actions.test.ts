/**
 * UPDATE_DEVICE_CERTIFICATE and ADD_THINGS_TO_THING_GROUP on real brokers: the embedded one and
 * Mosquitto. What they do is seen on connections and on what is delivered.
 */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { BrokerAdapter } from '../../src/broker/adapter.ts';
import { embeddedBroker } from '../../src/broker/embedded/adapter.ts';
import { loadConfiguration } from '../../src/broker/load-configuration.ts';
import { mosquittoBroker } from '../../src/broker/mosquitto/adapter.ts';
import { loadAsn1 } from '../../src/identity/asn1.ts';
import { readCrl } from '../../src/identity/crl.ts';
import { decodePem } from '../../src/identity/pem.ts';
import type { BrokerUnderTest } from '../../src/mitigation/broker-under-test.ts';
import { Journal } from '../../src/mitigation/journal.ts';
import { missingBroker } from '../../src/mitigation/missing-broker.ts';
import { quarantinePerformer } from '../../src/mitigation/quarantine.ts';
import { revokePerformer } from '../../src/mitigation/revoke.ts';
import { finishRotation } from '../../src/mitigation/rotation.ts';
import { runMitigationTask } from '../../src/mitigation/run-task.ts';
import { NO_TRAIL } from '../../src/mitigation/trail.ts';
import { REAL_CLOCK } from '../support/broker-harness.ts';
import { mitigatedBroker, REVOKED_BEFORE } from '../support/mitigated-broker.ts';
import {
  type FindingSample,
  finding,
  mitigationWith,
  QUARANTINE,
  REVOKE,
} from '../support/mitigation-samples.ts';
import { requireProgram } from '../support/programs.ts';

const mosquitto = requireProgram('mosquitto');

function mitigate(
  subject: BrokerUnderTest,
  names: string,
  samples: FindingSample[],
  dryRun = false,
) {
  return runMitigationTask({
    taskId: 'm1',
    mitigation: mitigationWith(
      { revoke: REVOKE, quarantine: QUARANTINE },
      `DEVICE_CERTIFICATE_SHARED_CHECK: [${names}]`,
    ),
    audit: { findings: samples.map(finding), taskId: 'a1' },
    performers: {
      UPDATE_DEVICE_CERTIFICATE: revokePerformer(subject),
      ADD_THINGS_TO_THING_GROUP: quarantinePerformer(subject),
      PUBLISH_FINDING_TO_SNS: missingBroker,
      DOPPELFLEET_PUBLISH_FINDING: missingBroker,
    },
    trail: NO_TRAIL,
    clock: REAL_CLOCK,
    signal: new AbortController().signal,
    dryRun,
  });
}

type Record = Awaited<ReturnType<typeof mitigate>>;

function stepsOf(record: Record, index = 0): string[] {
  const steps = record.executions[index]?.doppelfleet.steps ?? [];
  return steps.map(({ what, detail }) => `${what}: ${detail ?? ''}`);
}

const BROKERS: readonly (readonly [string, BrokerAdapter, boolean])[] = [
  ['the embedded broker', embeddedBroker, true],
  [`Mosquitto${mosquitto.note}`, mosquittoBroker, mosquitto.available],
];

describe.each(BROKERS)('on %s', (_title, adapter, available) => {
  test.skipIf(!available)(
    'a revoked certificate is refused, others are not, live sessions are told of',
    async () => {
      const { subject, shared, connect, other } = await mitigatedBroker(adapter);
      const record = await mitigate(subject, 'revoke', [{ certificateId: shared.certificateId }]);
      const [execution] = record.executions;
      expect(execution?.message).toBeUndefined();
      expect(execution?.status).toBe('COMPLETED');
      const steps = stepsOf(record);
      expect(steps.at(0)).toBe(
        'looked up who holds the certificate: owner pump-1, shared with pump-2',
      );
      expect(steps.at(-1)).toBe(
        'looked at the live sessions of the certificate: not cut: 2 sessions still open',
      );
      expect(execution?.doppelfleet.sessions).toEqual({ before: 2, cut: 0 });
      expect((await connect('pump-3')).observed.kind).not.toBe('accepted');
      expect((await connect('valve-1', other)).observed.kind).toBe('accepted');
    },
  );

  test.skipIf(!available)(
    'earlier entries stay on the revocation list, and its number grows',
    async () => {
      const lists: string[] = [];
      const { subject, spare, other } = await mitigatedBroker(adapter, (broker) => ({
        ...broker,
        endpoint: broker.endpoint,
        capabilities: broker.capabilities,
        reload: () => broker.reload(),
        change: (changes) => {
          if (typeof changes.crlPem === 'string') lists.push(changes.crlPem);
          return broker.change(changes);
        },
      }));
      const ids = [spare, other].map(({ certificateId }, index) => ({
        certificateId,
        id: `f${index}`,
      }));
      expect((await mitigate(subject, 'revoke', ids)).taskStatus).toBe('COMPLETED');
      const asn1 = await loadAsn1();
      const read = lists.map((pem) => readCrl(asn1, decodePem(pem)));
      expect(read.map(({ crlNumber }) => crlNumber)).toEqual(['02', '03']);
      expect(read.map(({ revoked }) => revoked.map(({ serialNumber }) => serialNumber))).toEqual([
        [REVOKED_BEFORE, spare.serialNumber],
        [REVOKED_BEFORE, spare.serialNumber, other.serialNumber],
      ]);
    },
  );

  test.skipIf(!available)(
    'whoever is in quarantine is held to its own topics, all others are not',
    async () => {
      const { subject, shared, connect, other } = await mitigatedBroker(adapter);
      const record = await mitigate(subject, 'quarantine', [
        { certificateId: shared.certificateId },
      ]);
      expect(record.executions[0]?.message).toBeUndefined();
      expect(stepsOf(record)).toContain(
        'published as it, outside and inside: what it published inside was delivered, what it ' +
          'published outside was not',
      );
      expect(stepsOf(record)).toContain(
        'published in a session from before: held: nothing was delivered',
      );
      const valve = await connect('valve-1', other);
      await valve.subscribe('fleet/valve-1/telemetry', 1);
      await valve.publish({ topic: 'fleet/valve-1/telemetry', payload: 'still here', qos: 1 });
      expect(await valve.until(() => valve.received.length > 0, 5000)).toBe(true);
    },
  );

  test.skipIf(!available)(
    'two findings on one certificate are both mitigated, and the second changes nothing',
    async () => {
      const { subject, shared } = await mitigatedBroker(adapter);
      const same = { certificateId: shared.certificateId };
      const record = await mitigate(subject, 'quarantine, revoke', [same, { ...same, id: 'f2' }]);
      expect(record.taskStatus).toBe('COMPLETED');
      expect(stepsOf(record, 2).slice(1)).toEqual([
        'found it in quarantine already: ',
        'did not try it: the certificate is revoked, so that nobody gets in',
      ]);
      expect(stepsOf(record, 3)).toContain('found it on the revocation list already: ');
    },
  );

  test.skipIf(!available)('a dry run touches nothing', async () => {
    const { subject, shared } = await mitigatedBroker(adapter, (broker) => ({
      ...broker,
      endpoint: broker.endpoint,
      capabilities: broker.capabilities,
      change: () => Promise.reject(new Error('the broker was changed')),
      reload: () => Promise.reject(new Error('the broker was reloaded')),
    }));
    const sample = { certificateId: shared.certificateId };
    const record = await mitigate(subject, 'quarantine, revoke', [sample], true);
    expect(record.executions.map(({ status }) => status)).toEqual(['PENDING', 'PENDING']);
    expect(stepsOf(record, 1)[1]).toContain('owner pump-1, shared with pump-2');
  });
});

describe('what goes wrong', () => {
  test.skipIf(!mosquitto.available)(
    'a reload that fails half-way says what was written and how to undo it',
    async () => {
      const { subject, shared, started } = await mitigatedBroker(mosquittoBroker);
      const file = subject.quarantine?.file ?? '';
      await started.change({ files: { [file]: 'this-line-is-bad {\n' } });
      const record = await mitigate(subject, 'revoke', [{ certificateId: shared.certificateId }]);
      const [execution] = record.executions;
      expect(execution).toMatchObject({ status: 'FAILED', errorCode: 'RELOAD_FAILED' });
      expect(execution?.message).toMatch(
        /^mosquitto said: .*; done so far: put the certificate of pump-1/,
      );
      expect(execution?.message).toContain('To undo: take the certificate of pump-1');
      expect(execution?.doppelfleet.hit.map(({ device }) => device)).toEqual(['pump-1', 'pump-2']);
    },
  );

  test('a certificate that stays welcome is no success', async () => {
    const { subject, shared } = await mitigatedBroker(embeddedBroker, (broker) => ({
      ...broker,
      endpoint: broker.endpoint,
      capabilities: broker.capabilities,
      change: async () => {},
      reload: () => broker.reload(),
    }));
    // Time flies, so that the deadline is not waited for.
    let ahead = 0;
    const clock = { ...REAL_CLOCK, now: () => Date.now() + ahead };
    const schedule: typeof clock.schedule = (_at, run) => {
      ahead += 20_000;
      return REAL_CLOCK.schedule(Date.now(), run);
    };
    const hurried = { ...subject, clock: { ...clock, schedule } };
    const record = await mitigate(hurried, 'revoke', [{ certificateId: shared.certificateId }]);
    expect(record.executions[0]).toMatchObject({ status: 'FAILED', errorCode: 'STILL_ACCEPTED' });
    expect(record.executions[0]?.message).toContain(
      'the certificate of pump-1 is not refused: it was accepted with CONNACK 0x00',
    );
  });

  test('where client IDs are bound no device is evicted for a trial', async () => {
    const file = new URL('../../configurations/embedded/client-id-bound.yaml', import.meta.url);
    const bound = await loadConfiguration(fileURLToPath(file));
    const { subject, shared } = await mitigatedBroker(embeddedBroker, (broker) => broker, bound);
    const one = { certificateId: shared.certificateId };
    const before = subject.holders.sessions(shared.certificateId);
    expect(before.map(({ device }) => device)).toEqual(['pump-1']);
    const quarantined = await mitigate(subject, 'quarantine', [one]);
    expect(quarantined.executions[0]?.errorCode).toBe('NOT_VERIFIED');
    expect(quarantined.executions[0]?.message).toContain(
      'To undo: take pump-1 out of the quarantine',
    );
    const revoked = await mitigate(subject, 'revoke', [one]);
    expect(revoked.executions[0]?.message).toBeUndefined();
    expect(subject.holders.sessions(shared.certificateId)).toEqual(before);
  });

  test('what a broker or a finding lacks is a sentence, and nothing is changed', async () => {
    const { subject, shared } = await mitigatedBroker(embeddedBroker, (broker) => ({
      ...broker,
      endpoint: broker.endpoint,
      capabilities: broker.capabilities,
      change: () => Promise.reject(new Error('the broker was changed')),
    }));
    const { quarantine: _, ...without } = subject;
    const cannot = { revoke: 'it has no list', quarantine: 'it has no rights' };
    const one = { certificateId: shared.certificateId };
    const codes = async (names: string, sample: FindingSample, who: BrokerUnderTest = subject) => {
      const { executions } = await mitigate(who, names, [sample]);
      return [executions[0]?.errorCode, executions[0]?.message];
    };
    const lacking = { ...without, cannot };
    const lack = 'BROKER_LACKS_ABILITY';
    expect(await codes('revoke', one, lacking)).toEqual([lack, 'it has no list']);
    expect(await codes('quarantine', one, lacking)).toEqual([lack, 'it has no rights']);
    expect(await codes('revoke', { clientId: 'c' })).toEqual([
      'NO_CERTIFICATE',
      'the finding names no device certificate that could be acted upon',
    ]);
    expect(await codes('revoke', { certificateId: 'f'.repeat(64) })).toEqual([
      'UNKNOWN_CERTIFICATE',
      "certificate fffffffffffffff… is none of this fleet's",
    ]);
  });
});

test('an old certificate is kept while a device still depends on it', async () => {
  const { subject, shared, other } = await mitigatedBroker(embeddedBroker);
  const journal = new Journal(NO_TRAIL, REAL_CLOCK, { findingId: '', actionName: 'rotation' });
  const report = await finishRotation(
    subject,
    [
      {
        certificate: 'pump-1',
        credential: shared,
        holders: ['pump-1', 'pump-2'],
        notMoved: ['pump-2'],
      },
      { certificate: 'valve-1', credential: other, holders: ['valve-1'], notMoved: [] },
    ],
    journal,
  );
  expect(report).toMatchObject({
    status: 'incomplete',
    moved: 2,
    revoked: [{ certificate: 'valve-1', certificateId: other.certificateId, holders: ['valve-1'] }],
    kept: [{ certificate: 'pump-1', notMoved: ['pump-2'] }],
    liveOnRevoked: 0,
  });
});
