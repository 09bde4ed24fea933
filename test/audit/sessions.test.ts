import { describe, expect, test } from 'vitest';
import { buildSessions } from '../../src/audit/sessions.ts';
import type { ObservedEvent } from '../../src/history/event.ts';
import { openHistoryStore } from '../../src/history/store.ts';
import { certificate, connected, EPOCH, numbered, session } from '../support/history-events.ts';

interface Joined {
  readonly connected_at: number;
  readonly certificate_id: string | null;
  readonly device_connected_at: number | null;
}

/** Broker sessions in order of time: the device's connect they were joined with, and the digit. */
async function joins(events: readonly ObservedEvent[]) {
  const store = await openHistoryStore();
  store.append(0, numbered(events));
  const recording = { run: 0, hasBroker: true, startedAt: EPOCH, endedAt: undefined };
  await buildSessions(store.query, [recording], { joinToleranceMs: 1_000 });
  const rows = await store.query<Joined>(
    'SELECT connected_at, certificate_id, device_connected_at FROM sessions ORDER BY connected_at',
  );
  await store.close();
  return rows.map((row) => [
    row.connected_at - EPOCH,
    row.device_connected_at === null ? undefined : row.device_connected_at - EPOCH,
    row.certificate_id?.[0],
  ]);
}

const broker = (id: string, at: number, extra: Partial<ObservedEvent> = {}) =>
  connected(`b${id}`, 'dev', at, { port: 7, ...extra });
const device = (id: string, at: number, digit: string, extra: Partial<ObservedEvent> = {}) =>
  connected(`d${id}`, 'dev', at, {
    vantage: 'device',
    port: 7,
    certificateId: certificate(digit),
    ...extra,
  });

describe('a broker’s record is joined with the device’s', () => {
  test('of equal client ID and port, and so gets its certificate ID', async () => {
    expect(await joins([broker('1', 100), device('1', 102, 'a')])).toEqual([[100, 102, 'a']]);
  });

  test('nearest in time where a port was used again', async () => {
    const events = [
      broker('1', 100),
      device('1', 110, 'a'),
      broker('2', 400),
      device('2', 390, 'b'),
    ];
    expect(await joins(events)).toEqual([
      [100, 110, 'a'],
      [400, 390, 'b'],
    ]);
  });

  test('and with one only: a device’s record serves the nearer of two sessions', async () => {
    expect(await joins([broker('1', 100), broker('2', 400), device('2', 380, 'b')])).toEqual([
      [100, undefined, undefined],
      [400, 380, 'b'],
    ]);
  });

  test('with the earlier of two that are equally near', async () => {
    const events = [device('1', 90, 'a'), broker('1', 100), device('2', 110, 'b')];
    expect(await joins(events)).toEqual([[100, 90, 'a']]);
  });

  test('of equal address first, though another is nearer', async () => {
    const events = [
      broker('1', 100, { ip: '127.0.0.1' }),
      device('2', 101, 'b', { ip: '127.0.0.2' }),
      device('1', 150, 'a', { ip: '::ffff:127.0.0.1' }),
      broker('2', 160, { ip: '127.0.0.2' }),
    ];
    expect(await joins(events)).toEqual([
      [100, 150, 'a'],
      [160, 101, 'b'],
    ]);
  });

  test('that has no address, but never with one of another address', async () => {
    const address = { ip: '10.0.0.1' };
    expect(await joins([broker('1', 100, address), device('1', 100, 'a')])).toEqual([
      [100, 100, 'a'],
    ]);
    const other = device('1', 100, 'a', { ip: '10.0.0.2' });
    expect(await joins([broker('1', 100, address), other])).toEqual([[100, undefined, undefined]]);
  });

  test('within the tolerance only, and never without a port or for another client ID', async () => {
    const apart = [[100, undefined, undefined]];
    expect(await joins([broker('1', 100), device('1', 1_101, 'a')])).toEqual(apart);
    const elsewhere = device('1', 100, 'a', { clientId: 'other' });
    expect(await joins([broker('1', 100), elsewhere])).toEqual(apart);
    const { port: _, ...portless } = device('1', 100, 'a');
    expect(await joins([broker('1', 100), portless])).toEqual(apart);
  });

  test('and keeps its own certificate ID, times and reason where both have them', async () => {
    const store = await openHistoryStore();
    const own = { port: 7, certificateId: certificate('a') };
    store.append(
      0,
      numbered([
        ...session('b', 'dev', 'a', [0, 500], 'session-taken-over', own),
        ...session('d', 'dev', 'b', [3, 400], 'connection-lost', { vantage: 'device', port: 7 }),
      ]),
    );
    const recording = { run: 0, hasBroker: true, startedAt: EPOCH, endedAt: undefined };
    await buildSessions(store.query, [recording]);
    const [row] = await store.query(
      `SELECT certificate_id, certificate_joined, connected_at, closed_at, reason,
         device_connected_at, device_closed_at, device_close_reason FROM sessions`,
    );
    await store.close();
    expect(row).toEqual({
      certificate_id: certificate('a'),
      certificate_joined: false,
      connected_at: EPOCH,
      closed_at: EPOCH + 500,
      reason: 'session-taken-over',
      device_connected_at: EPOCH + 3,
      device_closed_at: EPOCH + 400,
      device_close_reason: 'connection-lost',
    });
  });
});
