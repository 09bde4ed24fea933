/** Caps on what one run may do, held against plans of scenarios. */
import { describe, expect, it } from 'vitest';
import { EXIT, formatProblem, UserError } from '../../src/core/errors.ts';
import { blastRadius } from '../../src/run/blast-radius.ts';
import { type Caps, checkCaps, DEFAULT_CAPS } from '../../src/run/caps.ts';
import { makePlan } from '../../src/scenario/plan.ts';
import { scenario } from './helpers.ts';

const radius = (body: string) => blastRadius(makePlan(scenario(body), ''), 'test broker', true);

function refusals(body: string, caps: Partial<Caps> = {}): readonly string[] {
  try {
    checkCaps(radius(body), { ...DEFAULT_CAPS, ...caps });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.exitCode).toBe(EXIT.usage);
    return error.problems.map(formatProblem);
  }
  return [];
}

describe('a run within the caps', () => {
  it('goes ahead, up to and including each of them', () => {
    const body = '  a: { devices: 50 }\narrival: { rate: 10/s }\nsettle: 2s\n';
    expect(refusals(body)).toEqual([]);
    const exactly = { devicesMax: 50, arrivalsPerSecondMax: 10, durationMsMax: 12_000 };
    expect(refusals(body, exactly)).toEqual([]);
  });
});

describe('a run beyond the caps', () => {
  it('is told of every one that it exceeds, with the option that raises it', () => {
    const body = '  a: { devices: 10001 }\narrival: { storm: 0ms }\nsettle: 2h\n';
    expect(refusals(body)).toEqual([
      'the plan has 10001 devices, the cap is 10000 — raise it with --max-devices 10001 if that is meant',
      'the plan has 10001 arrivals in one second, the cap is 1000 — raise it with --max-rate 10001 if that is meant',
      'the plan has 2h, the cap is 1h — raise it with --max-duration 7210s if that is meant',
    ]);
  });

  it('is let through once each cap is raised as it was told', () => {
    const body = '  a: { devices: 10001 }\narrival: { storm: 0ms }\nsettle: 2h\n';
    const raised = { devicesMax: 10_001, arrivalsPerSecondMax: 10_001, durationMsMax: 7_210_000 };
    expect(refusals(body, raised)).toEqual([]);
  });

  it('counts all groups together', () => {
    expect(refusals('  a: { devices: 6 }\n  b: { devices: 5 }\n', { devicesMax: 10 })).toHaveLength(
      1,
    );
  });
});
