/** What holds for a device whatever comes to it, fitting or not, in whatever order. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type DeviceAction,
  type DeviceInput,
  type DeviceState,
  newDevice,
  stepDevice,
} from '../../src/fleet/device.ts';
import { makePlan } from '../../src/scenario/plan.ts';
import { randomScenario } from '../support/virtual-scenarios.ts';
import { contextOf, STARTED_AT } from './device-context.ts';

/** Any input, fitting or not: stale connection numbers, timers that were cancelled, news twice. */
const anyInput: fc.Arbitrary<DeviceInput> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('timer' as const),
      timer: fc.constantFrom('connect' as const, 'behaviour' as const, 'publish' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('connected' as const),
      connection: fc.integer({ min: 0, max: 6 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constantFrom('closed' as const, 'failed' as const),
      connection: fc.integer({ min: 0, max: 6 }),
      reason: fc.constantFrom(
        'unknown' as const,
        'session-taken-over' as const,
        'auth-error' as const,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'heal' as const }) },
);

const history = fc.array(fc.tuple(anyInput, fc.nat(5000)), { maxLength: 60 });

/** Feeds a history to the first device of a random scenario. */
function live(scenario: Parameters<typeof makePlan>[0], inputs: readonly [DeviceInput, number][]) {
  const context = contextOf(makePlan(scenario, ''));
  let { state } = newDevice(context);
  let at = STARTED_AT;
  const steps: {
    input: DeviceInput;
    before: DeviceState;
    state: DeviceState;
    at: number;
    actions: readonly DeviceAction[];
  }[] = [];
  for (const [input, later] of inputs) {
    at += later;
    const step = stepDevice(context, state, input, at);
    steps.push({ input, before: state, state: step.state, at, actions: step.actions });
    state = step.state;
  }
  return { context, state, at, steps };
}

/** How many connections are open after each step, as far as the device has to do with it. */
function openAfter(steps: ReturnType<typeof live>['steps']): readonly number[] {
  const open = new Set<number>();
  return steps.map(({ actions, input }) => {
    if ('reason' in input) open.delete(input.connection);
    for (const action of actions) {
      if (action.type === 'connect') open.add(action.connection);
      if (action.type === 'close') open.delete(action.connection);
    }
    return open.size;
  });
}

describe('whatever comes to it, a device', () => {
  const property = (check: (lived: ReturnType<typeof live>) => void) =>
    fc.assert(
      fc.property(randomScenario, history, (scenario, inputs) => {
        if (scenario !== undefined) check(live(scenario, inputs));
      }),
      { numRuns: 300 },
    );

  it('numbers its connections one after the other and opens none while it has one', () => {
    property(({ steps }) => {
      let newest = 0;
      for (const { actions, before } of steps) {
        for (const action of actions) {
          if (action.type !== 'connect') continue;
          expect(action.connection).toBe(++newest);
          expect(before.phase).toBe('waiting');
        }
      }
    });
  });

  it('has one connection of its own making, or two while it replaces one that it left open', () => {
    property(({ steps, context }) => {
      const { behaviour } = context.group;
      const most = behaviour.kind === 'rotating' && behaviour.order === 'connect-first' ? 2 : 1;
      expect(Math.max(0, ...openAfter(steps))).toBeLessThanOrEqual(most);
    });
  });

  it('sets no timer in the past', () => {
    property(({ steps }) => {
      for (const { actions, at } of steps) {
        for (const action of actions) {
          if (action.type === 'set-timer') expect(action.at).toBeGreaterThanOrEqual(at);
        }
      }
    });
  });

  it('presents only certificates that it has', () => {
    property(({ steps, context }) => {
      for (const { actions } of steps) {
        for (const action of actions) {
          if (action.type !== 'connect') continue;
          expect(action.certificateIndex).toBeLessThan(context.certificates.length);
        }
      }
    });
  });

  it('changes nothing that it was given', () => {
    property(({ steps, context }) => {
      for (const { before, input, at } of steps) {
        const frozen = Object.freeze({ ...before });
        expect(stepDevice(context, frozen, input, at)).toEqual(
          stepDevice(context, before, input, at),
        );
      }
    });
  });

  it('is stopped by a stop: all timers cancelled, what is open closed, nothing after it', () => {
    property(({ context, state, at }) => {
      const stopped = stepDevice(context, state, { type: 'stop' }, at);
      const close = { type: 'close', connection: state.connection, style: 'disconnect' };
      expect(stopped.actions).toEqual([
        { type: 'cancel-timer', timer: 'connect' },
        { type: 'cancel-timer', timer: 'behaviour' },
        { type: 'cancel-timer', timer: 'publish' },
        ...(state.phase === 'connected' ? [close] : []),
      ]);
      // A connect that is on its way is answered first, then closed.
      const answer = { type: 'connected', connection: state.connection } as const;
      const gone = stepDevice(context, stopped.state, answer, at);
      expect(gone.actions).toEqual(state.phase === 'connecting' ? [close] : []);
      expect(gone.state.phase).toBe('away');
      for (const type of ['timer', 'connected', 'closed', 'failed'] as const) {
        const late = { type, timer: 'connect', connection: state.connection, reason: 'unknown' };
        const step = stepDevice(context, gone.state, late as DeviceInput, at);
        expect(step).toEqual({ state: gone.state, actions: [] });
      }
    });
  });
});
