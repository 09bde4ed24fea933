/** Events of both vantages and the truth → the sessions that a page shows. */
import { describe, expect, it } from 'vitest';
import { FLAG, REASONS } from '../../src/page/columns.ts';
import { type SessionRow, sessionsOf } from '../../src/page/run-sessions.ts';
import { closed, connected, EPOCH, session } from '../support/history-events.ts';
import { collected, opening } from '../support/page-records.ts';

const device = { vantage: 'device', ip: '127.0.0.1' } as const;
const broker = { vantage: 'broker', ip: '127.0.0.1' } as const;
const at = ({ startAt, endAt }: SessionRow) => [startAt - EPOCH, endAt - EPOCH];

describe('sessions of a run', () => {
  it('are the broker’s, with device and latency from the other side by port', () => {
    const collector = collected(
      [
        connected('d1', 'pump', 105, { ...device, port: 5001 }),
        connected('b1', 'pump', 100, { ...broker, port: 5001 }),
        connected('d2', 'pump', 206, { ...device, port: 5002 }),
        closed('b1', 'pump', 204, 'session-taken-over', broker),
        connected('b2', 'pump', 203, { ...broker, port: 5002 }),
        closed('d1', 'pump', 207, 'unknown', device),
      ],
      [opening('d1', 'clone-1', 98), opening('d2', 'clone-2', 199)],
    );
    const { vantage, rows } = sessionsOf(collector);
    expect(vantage).toBe('broker');
    expect(rows.map(at)).toEqual([
      [100, 204],
      [203, Number.NaN],
    ]);
    const devices = rows.map((row) => collector.tables.devices.names[row.device]);
    expect(devices).toEqual(['clone-1', 'clone-2']);
    expect(rows.map(({ latency }) => latency)).toEqual([7, 7]);
    expect(rows.map(({ flags }) => flags)).toEqual([FLAG.takenOver, 0]);
  });

  it('are joined by client ID and time where an address is translated on the way', () => {
    const collector = collected(
      [
        connected('d1', 'pump', 105, { vantage: 'device', ip: '10.0.0.2', port: 5001 }),
        connected('b1', 'pump', 100, { vantage: 'broker', ip: '192.0.2.1', port: 41 }),
      ],
      [opening('d1', 'clone-1', 98)],
    );
    const [row, ...others] = sessionsOf(collector).rows;
    expect(others).toEqual([]);
    expect(collector.tables.devices.names[row?.device ?? -1]).toBe('clone-1');
  });

  it('are never joined when both sides name a port of one address and they differ', () => {
    const collector = collected([
      connected('d1', 'pump', 105, { ...device, port: 5001 }),
      connected('b1', 'pump', 100, { ...broker, port: 5002 }),
    ]);
    const { rows } = sessionsOf(collector);
    expect(rows.map(({ flags }) => flags)).toEqual([0, FLAG.deviceOnly]);
  });

  it('are the devices’ where no broker recorded, with takeovers inferred as the audit does', () => {
    const collector = collected([
      connected('d1', 'pump', 0, device),
      closed('d1', 'pump', 1_000, 'connection-lost', device),
      connected('d2', 'pump', 1_005, device),
      closed('d2', 'pump', 9_000, 'client-initiated', device),
      connected('d3', 'pump', 9_001, device),
    ]);
    const { vantage, rows } = sessionsOf(collector);
    expect(vantage).toBe('device');
    expect(rows.map(({ flags }) => flags)).toEqual([FLAG.takenOver | FLAG.takeoverInferred, 0, 0]);
  });

  it('count an event once that pieces of a history hold twice', () => {
    const collector = collected([]);
    for (const round of [1, 2]) {
      for (const [event, one] of session('1', 'pump', 'a', [0, 5]).entries()) {
        collector.event({ event, ...one });
      }
      expect([collector.events, round]).toEqual([2, round]);
    }
    expect(sessionsOf(collector).rows.map(at)).toEqual([[0, 5]]);
  });

  it('begin with their end when nothing else was recorded, and say so', () => {
    const { rows } = sessionsOf(collected([closed('1', 'pump', 70, 'connection-lost')]));
    expect(rows.map((row) => [...at(row), row.flags])).toEqual([[70, 70, FLAG.startUnknown]]);
  });

  it('take a connect that came after its close in the file', () => {
    const { rows } = sessionsOf(
      collected([closed('1', 'pump', 70, 'client-initiated'), connected('1', 'pump', 20)]),
    );
    expect(rows.map((row) => [...at(row), row.flags])).toEqual([[20, 70, 0]]);
  });

  it('keep failed connects of the devices, and not the broker’s lines on the same ones', () => {
    const failed = { kind: 'connect-failed', clientId: 'pump', reason: 'auth-error' } as const;
    const { rows } = sessionsOf(
      collected([
        connected('b0', 'other', 0, broker),
        { ...failed, ...broker, sessionId: 'b1', at: EPOCH + 10, port: 7 },
        { ...failed, ...device, sessionId: 'd1', at: EPOCH + 12, port: 7 },
      ]),
    );
    expect(rows.map(({ flags, reason }) => [flags, REASONS[reason]])).toEqual([
      [0, undefined],
      [FLAG.failed, 'auth-error'],
    ]);
  });
});
