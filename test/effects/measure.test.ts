/** Effects of whole runs in virtual time: what a fix hides, breaks and cures. */
import { describe, expect, it } from 'vitest';
import { effectRows } from '../../src/effects/effect-rows.ts';
import { planOf } from '../scenario/helpers.ts';
import { audit, CONFLICT, finding, SHARED } from '../support/judged.ts';
import { virtualEffects } from '../support/virtual-effects.ts';
import { runVirtually } from '../support/virtual-run.ts';

const fleet = (clientId: string) => `  pumps:
    devices: 4
    identity: { clientId: ${clientId} }
    mqtt: { cleanStart: false, sessionExpiry: 1h }
    behaviour: { kind: flapping, period: 500ms, downtime: 300ms }
`;
const clones = '  clones: { devices: 3, identity: { clientId: same, certificate: shared } }\n';

describe('effects', () => {
  it('a UUID per connect leaves every session behind and defeats the ban counter', async () => {
    const asIs = virtualEffects(await runVirtually(planOf(fleet('"{{thingName}}"'))));
    const fixed = await runVirtually(planOf(fleet('{ uuid: v4-per-connect }')));
    const { effects } = virtualEffects(fixed, audit(), asIs.keptClientIds);
    expect(asIs.effects.banCounter).toMatchObject({ clientIds: 4, devices: 4, hidden: 0 });
    expect(asIs.effects.sessions).toMatchObject({ kept: 4, leftBehind: 0, lost: 0 });
    expect(asIs.effects.clientIds).toEqual({ used: 4, predictable: 4 });
    expect(effects.banCounter).toMatchObject({ clientIds: 0, devices: 4, hidden: 4 });
    const { kept, leftBehind, leftByChange, resumed, lost } = effects.sessions;
    expect([resumed, leftByChange]).toEqual([0, 4]);
    expect(kept - leftBehind).toBe(4);
    expect(lost).toBe(fixed.statistics.connects.accepted - 4);
    expect(effects.clientIds.predictable).toBe(0);
  });

  it('devices that evict one another are away, come back late, and hide what they share', async () => {
    const run = await runVirtually(planOf(clones));
    const [conflict, shared] = [finding(CONFLICT, 'same'), finding(SHARED, 'certificate')];
    const { effects } = virtualEffects(run, audit([conflict]));
    expect(effects.availability?.mean).toBeLessThan(0.8);
    expect(effects.availability?.groups.map(({ group }) => group)).toEqual(['clones']);
    expect(effects.recovery.lost).toBeGreaterThan(5);
    expect(effects.recovery.p50Ms).toBeLessThanOrEqual(effects.recovery.maxMs ?? 0);
    expect(effects.certificatesShared).toMatchObject({ real: 1 });
    expect(virtualEffects(run, audit([conflict, shared])).effects.certificatesShared.real).toBe(1);
  });

  it('a quiet fleet has all it wants and nothing to tell', async () => {
    const { effects } = virtualEffects(await runVirtually(planOf('  pumps: { devices: 3 }\n')));
    expect(effects.availability?.mean).toBeGreaterThan(0.99);
    expect(effects.recovery).toEqual({ lost: 0, notBack: 0 });
    expect(effects.takeovers).toEqual({ count: 0, perMinute: 0 });
    expect(effects.quietAfterMs).toBe(0);
    expect(effects.messages).toEqual({ unacknowledged: 0 });
  });

  it('under a broker that renames clients, what counts is the name it gives', async () => {
    const plan = { ...planOf(clones), clientIdBinding: 'replaced' as const };
    const { effects } = virtualEffects(
      await runVirtually(plan, { knownAs: ({ credential }) => credential.thingName }),
    );
    expect(effects.clientIds).toEqual({ used: 1, predictable: 1 });
  });

  it('are rows with unique names, each with a label and a unit, whatever was measured', async () => {
    const { effects } = virtualEffects(await runVirtually(planOf(clones)));
    const trial = { script: 'session-theft', possible: true, because: 'it was resumed' };
    const rows = effectRows({ ...effects, sessionTheft: { trials: [trial] } });
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    expect(rows.find(({ id }) => id === 'session-theft-session-theft')).toMatchObject({
      value: true,
      unit: 'yes-no',
      note: 'it was resumed',
    });
    const untried = effectRows({ ...effects, sessionTheft: { trials: [], note: 'elsewhere' } });
    expect(untried.at(-1)).toMatchObject({
      id: 'session-theft',
      value: undefined,
      note: 'elsewhere',
    });
  });
});
