/** The device as a state machine: what it does about what comes to it. */
import { describe, expect, it } from 'vitest';
import {
  type DeviceAction,
  type DeviceInput,
  type DeviceState,
  newDevice,
  stepDevice,
} from '../../src/fleet/device.ts';
import { planOf } from '../scenario/helpers.ts';
import { contextOf, STARTED_AT } from './device-context.ts';

/** A device that takes inputs one after the other and remembers what it did. */
function device(body: string, index = 0) {
  const context = contextOf(planOf(body), index);
  const first = newDevice(context);
  let state: DeviceState = first.state;
  return {
    context,
    first: first.actions,
    get state() {
      return state;
    },
    take(input: DeviceInput, at = STARTED_AT): readonly DeviceAction[] {
      const step = stepDevice(context, state, input, at);
      state = step.state;
      return step.actions;
    },
    /** Arrives and is let in: its first connection. */
    connect(at = STARTED_AT): readonly DeviceAction[] {
      this.take({ type: 'timer', timer: 'connect' }, at);
      return this.take({ type: 'connected', connection: state.connection }, at);
    },
  };
}

const lost = (connection: number, reason: 'unknown' | 'session-taken-over' = 'unknown') =>
  ({ type: 'closed', connection, reason }) as const;

const STEADY = '  a: { devices: 1, reconnect: { policy: fixed, delay: 2s } }\n';

describe('a device', () => {
  it('arrives when the plan says', () => {
    const { first } = device('  a: { devices: 1, arrival: { start: 700ms, storm: 0ms } }\n');
    expect(first).toEqual([{ type: 'set-timer', timer: 'connect', at: STARTED_AT + 700 }]);
  });

  it('connects with its client ID and its first certificate', () => {
    const one = device(STEADY);
    expect(one.take({ type: 'timer', timer: 'connect' })).toEqual([
      { type: 'connect', connection: 1, clientId: 'a-1', certificateIndex: 0 },
    ]);
    expect(one.state.phase).toBe('connecting');
  });

  it('comes back after a loss and after a refusal, by its policy', () => {
    const one = device(STEADY);
    one.connect();
    expect(one.take(lost(1), STARTED_AT + 50)).toContainEqual({
      type: 'set-timer',
      timer: 'connect',
      at: STARTED_AT + 2050,
    });
    one.take({ type: 'timer', timer: 'connect' }, STARTED_AT + 2050);
    const refused = { type: 'failed', connection: 2, reason: 'auth-error' } as const;
    expect(one.take(refused, STARTED_AT + 2100)).toEqual([
      { type: 'set-timer', timer: 'connect', at: STARTED_AT + 4100 },
    ]);
  });

  it('stays away without a policy', () => {
    const one = device('  a: { devices: 1, reconnect: { policy: none } }\n');
    one.connect();
    const actions = one.take(lost(1));
    expect(actions.every(({ type }) => type === 'cancel-timer')).toBe(true);
    expect(one.state.phase).toBe('away');
  });

  it('heeds DISCONNECT 0x8E only where it is told to, and no other end', () => {
    const honour = (given: boolean) =>
      `  a: { devices: 1, reconnect: { policy: fixed, honourSessionTakenOver: ${given} } }\n`;
    const phaseAfter = (body: string, reason: 'unknown' | 'session-taken-over') => {
      const one = device(body);
      one.connect();
      one.take(lost(1, reason));
      return one.state.phase;
    };
    expect(phaseAfter(honour(true), 'session-taken-over')).toBe('away');
    expect(phaseAfter(honour(true), 'unknown')).toBe('waiting');
    expect(phaseAfter(honour(false), 'session-taken-over')).toBe('waiting');
  });

  it('counts its attempts until a connection has lasted', () => {
    const one = device(
      '  a: { devices: 1, reconnect: { policy: exponential, base: 1s, max: 60s, jitter: none, resetAfter: 10s } }\n',
    );
    let at = STARTED_AT;
    const delays: number[] = [];
    for (const lastsMs of [0, 100, 9_999, 10_000, 0]) {
      one.connect(at);
      at += lastsMs;
      const [timer] = one
        .take(lost(one.state.connection), at)
        .filter((action) => action.type === 'set-timer');
      delays.push((timer?.at ?? 0) - at);
      at = timer?.at ?? 0;
    }
    expect(delays).toEqual([1000, 2000, 4000, 1000, 2000]);
  });

  it('never starts anew with resetAfter: never', () => {
    const one = device(
      '  a: { devices: 1, reconnect: { policy: exponential, base: 1s, jitter: none, resetAfter: never } }\n',
    );
    for (let i = 0; i < 3; i++) {
      one.connect(STARTED_AT + i * 1e6);
      one.take(lost(one.state.connection), STARTED_AT + i * 1e6 + 900_000);
    }
    expect(one.state.attempts).toBe(3);
  });

  it('goes half-open without a word and connects again', () => {
    const one = device(
      '  a: { devices: 1, behaviour: { kind: flapping, period: 2s, downtime: 500ms, jitter: 0%, close: half-open } }\n',
    );
    expect(one.connect(STARTED_AT)).toEqual([
      { type: 'set-timer', timer: 'behaviour', at: STARTED_AT + 1500 },
    ]);
    expect(one.take({ type: 'timer', timer: 'behaviour' }, STARTED_AT + 1500)).toEqual([
      { type: 'cancel-timer', timer: 'publish' },
      { type: 'close', connection: 1, style: 'half-open' },
      { type: 'set-timer', timer: 'connect', at: STARTED_AT + 2000 },
    ]);
    // The broker gives the old session up when the new one has long begun: no news.
    one.take({ type: 'timer', timer: 'connect' }, STARTED_AT + 2000);
    expect(one.take(lost(1), STARTED_AT + 2010)).toEqual([]);
    expect(one.take({ type: 'connected', connection: 2 }, STARTED_AT + 2020)).toHaveLength(1);
  });

  it('rotates once: leaves its session open and comes with the next certificate', () => {
    const one = device(
      '  a: { devices: 1, behaviour: { kind: rotating, at: 3s, order: connect-first } }\n',
    );
    one.connect();
    const actions = one.take({ type: 'timer', timer: 'behaviour' }, STARTED_AT + 3000);
    expect(actions.filter(({ type }) => type === 'close')).toEqual([]);
    expect(one.take({ type: 'timer', timer: 'connect' }, STARTED_AT + 3000)).toEqual([
      { type: 'connect', connection: 2, clientId: 'a-1', certificateIndex: 1 },
    ]);
    expect(one.take({ type: 'connected', connection: 2 }, STARTED_AT + 3010)).toEqual([]);
  });

  it('takes its client ID from the certificate that it presents', () => {
    const one = device(
      '  a: { devices: 1, identity: { clientId: { uuid: v5-certificate } }, behaviour: { kind: rotating, at: 3s } }\n',
    );
    const [first] = one.take({ type: 'timer', timer: 'connect' });
    one.take({ type: 'connected', connection: 1 });
    one.take({ type: 'timer', timer: 'behaviour' }, STARTED_AT + 3000);
    const [second] = one.take({ type: 'timer', timer: 'connect' }, STARTED_AT + 3500);
    expect(first).toMatchObject({ certificateIndex: 0 });
    expect(second).toMatchObject({ certificateIndex: 1 });
    expect(first && 'clientId' in first && first.clientId).not.toBe(
      second && 'clientId' in second && second.clientId,
    );
  });

  it('publishes in its own rhythm, and not in step with the fleet', () => {
    const body = '  a: { devices: 50, publish: { every: 10s } }\n';
    const firsts = Array.from({ length: 50 }, (_, i) => {
      const [timer] = device(body, i).connect();
      return timer?.type === 'set-timer' ? timer.at - STARTED_AT : Number.NaN;
    });
    expect(Math.min(...firsts)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...firsts)).toBeLessThanOrEqual(10_000);
    expect(new Set(firsts).size).toBe(50);
  });

  it('keeps its rhythm when a message is late: what is due later stays due when it was', () => {
    const one = device('  a: { devices: 1, publish: { every: 10s } }\n');
    const [first] = one.connect();
    const dueAt = first?.type === 'set-timer' ? first.at : Number.NaN;
    for (const [index, lateMs] of [0, 700, 12_000, 3].entries()) {
      const at = dueAt + index * 10_000 + lateMs;
      expect(one.take({ type: 'timer', timer: 'publish' }, at)).toEqual([
        { type: 'publish', connection: 1, seq: index + 1 },
        { type: 'set-timer', timer: 'publish', at: dueAt + (index + 1) * 10_000 },
      ]);
    }
  });
});

describe('when the faults end', () => {
  it('a device stays connected and misbehaves no more', () => {
    const one = device('  a: { devices: 1, behaviour: { kind: flapping, period: 2s } }\n');
    one.connect();
    expect(one.take({ type: 'heal' })).toEqual([{ type: 'cancel-timer', timer: 'behaviour' }]);
    expect(one.take({ type: 'timer', timer: 'behaviour' })).toEqual([]);
    expect(one.state.phase).toBe('connected');
  });

  it('a device that is away comes back as it meant to, and then stays', () => {
    const one = device('  a: { devices: 1, behaviour: { kind: flapping, period: 2s } }\n');
    one.connect();
    one.take({ type: 'timer', timer: 'behaviour' });
    one.take({ type: 'heal' });
    expect(one.connect().filter(({ type }) => type === 'set-timer')).toEqual([]);
  });

  it('a device gives up an identity that is not its own', () => {
    const body = '  a: { devices: 2, identity: { certificate: shared } }\n';
    const second = device(body, 1);
    second.connect();
    expect(second.take({ type: 'heal' })).toContainEqual({
      type: 'close',
      connection: 1,
      style: 'disconnect',
    });
    expect(second.state.phase).toBe('away');
    const first = device(body, 0);
    first.connect();
    first.take({ type: 'heal' });
    expect(first.state.phase).toBe('connected');
  });
});
