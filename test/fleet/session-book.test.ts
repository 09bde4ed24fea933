/** Sessions that brokers keep: given back, lost, expired; and messages through the whole driver. */
import { describe, expect, it } from 'vitest';
import { SessionBook } from '../../src/fleet/session-book.ts';
import type { PlannedMqtt } from '../../src/scenario/plan.ts';
import { planOf } from '../scenario/helpers.ts';
import { runVirtually } from '../support/virtual-run.ts';

const MQTT: PlannedMqtt = {
  protocolVersion: 5,
  keepAliveSeconds: 60,
  cleanStart: false,
  sessionExpirySeconds: 10,
  tls: '1.3',
};

/** Connects, is away for so long, connects again. */
function backAfter(awayMs: number, sessionPresent: boolean, mqtt: Partial<PlannedMqtt> = {}) {
  const book = new SessionBook();
  const [first, second] = [{}, {}];
  const settings = { ...MQTT, ...mqtt };
  book.connected('d', first, settings, { at: 0, sessionPresent: false });
  book.ended('d', first, 'own', 1000);
  book.connected('d', second, settings, { at: 1000 + awayMs, sessionPresent });
  return book.entries();
}

describe('the session book', () => {
  it.each([
    ['given back', 5000, true, {}, { resumed: 1, lost: 0 }],
    ['lost', 5000, false, {}, { resumed: 0, lost: 1 }],
    ['expired, which nobody lost', 10_001, false, {}, { resumed: 0, lost: 0 }],
    ['not asked for', 5000, false, { cleanStart: true }, { resumed: 0, lost: 0 }],
    ['not kept', 5000, false, { sessionExpirySeconds: 0 }, { resumed: 0, lost: 0 }],
    ['kept for ever', 1e12, false, { sessionExpirySeconds: 0xffff_ffff }, { resumed: 0, lost: 1 }],
    [
      'kept for ever by MQTT 3.1.1',
      1e12,
      false,
      { protocolVersion: 4, sessionExpirySeconds: 0 },
      { resumed: 0, lost: 1 },
    ],
  ] as const)('a session that was %s', (_, awayMs, present, mqtt, expected) => {
    expect(backAfter(awayMs, present, mqtt)).toEqual(expected);
  });

  it('is not moved by the late end of a connection that was replaced', () => {
    const book = new SessionBook();
    const [first, second, third] = [{}, {}, {}];
    book.connected('d', first, MQTT, { at: 0, sessionPresent: false });
    book.connected('d', second, MQTT, { at: 50_000, sessionPresent: true });
    book.ended('d', first, 'other', 50_001);
    book.connected('d', third, MQTT, { at: 100_000, sessionPresent: true });
    expect(book.entries()).toMatchObject({ resumed: 2, lost: 0 });
  });
});

describe('messages to devices that go and come back', () => {
  const fleet = (clientId: string, mqtt: string) =>
    planOf(`  pumps:
    devices: 3
    identity: { clientId: ${clientId} }
    behaviour: { kind: flapping, period: 2s, downtime: 800ms }
    subscribe: [{ filter: commands, qos: 1 }]
    mqtt: ${mqtt}
  backend: { devices: 1, publish: { every: 150ms, topic: commands, qos: 1 } }
`);
  const KEPT = '{ cleanStart: false, sessionExpiry: 5m }';
  const run = async (clientId: string, mqtt = KEPT) =>
    (await runVirtually(fleet(clientId, mqtt))).statistics;

  it('wait under a kept client ID, and none is lost', async () => {
    const { messages, sessions } = await run('"{{thingName}}"');
    expect(messages.deliveries).toMatchObject({
      lost: 0,
      duplicated: 0,
      waiting: 0,
      notCounted: 0,
    });
    // Not those from before the first SUBACK.
    expect(messages.deliveries?.due).toBeGreaterThan(3 * messages.published - 6);
    expect(sessions).toMatchObject({ resumed: expect.toSatisfy((n) => n >= 9), lost: 0 });
  });

  it('are lost under a client ID that is new with every connect', async () => {
    const { messages, sessions } = await run('{ uuid: v4-per-connect }');
    expect(messages.deliveries?.lost).toBeGreaterThanOrEqual(30);
    expect(sessions).toMatchObject({ resumed: 0, lost: expect.toSatisfy((n) => n >= 9) });
  });

  it('are not due without a session', async () => {
    const { messages, sessions } = await run('"{{thingName}}"', '{ cleanStart: true }');
    const { due, lost } = messages.deliveries ?? { due: 0, lost: -1 };
    expect(due).toBeLessThan(3 * messages.published);
    expect(lost).toBe(0);
    expect(sessions).toMatchObject({ resumed: 0, lost: 0 });
  });

  it('are not looked at where nobody subscribes', async () => {
    const plan = planOf('  a: { devices: 2, publish: { every: 200ms, qos: 1 } }\n');
    const { messages } = (await runVirtually(plan)).statistics;
    expect(messages).not.toHaveProperty('deliveries');
    expect(messages).toMatchObject({ unacknowledged: 0 });
    expect(messages.acknowledged).toBe(messages.published);
  });
});
