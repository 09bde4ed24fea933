/** Fixing sessions on made-up findings: what is tried in which order, what is kept, when it ends. */
import { describe, expect, it } from 'vitest';
import type { CheckId, FixId } from '../../src/core/ids.ts';
import { outcomeOf } from '../../src/fixing/fix-result.ts';
import type { OpenFinding } from '../../src/fixing/open-finding.ts';
import { suggestionsFor } from '../../src/fixing/proposal.ts';
import {
  beginSession,
  continueSession,
  type SessionOptions,
  type SessionStep,
} from '../../src/fixing/session.ts';
import { parseFixSpecs } from '../../src/scenario/fixes/fix-spec.ts';
import { scenario } from '../scenario/helpers.ts';

const FLEET = scenario(`  originals: { devices: 2 }
  clones: { devices: 2, identity: { cloneOf: originals } }
  flappers: { devices: 2, behaviour: { kind: flapping, period: 4s, close: half-open } }
`);

const OPTIONS: SessionOptions = {
  passesMax: 3,
  allowSuggestions: false,
  asked: [],
  unable: new Map(),
};

function finding(
  label: string,
  fixes: readonly FixId[],
  groups: readonly string[] = ['originals', 'clones'],
  check: CheckId = 'CONFLICTING_CLIENT_IDS_CHECK',
): OpenFinding {
  const diagnosis = 'rival-devices';
  return { key: `${check} ${label}`, check, label, diagnosis, because: '', fixes, groups };
}

const RIVALS = finding('originals-1', [
  'client-id-from-thing-name',
  'client-id-uuid',
  'bind-client-id',
  'revoke-certificates',
]);
const SHARED = finding(
  'the certificate of originals-1',
  ['unique-certificates', 'certificate-rotation'],
  ['originals', 'clones'],
  'DEVICE_CERTIFICATE_SHARED_CHECK',
);
const FLAPPING = finding('flappers-1', ['close-before-reconnect', 'backoff'], ['flappers']);

const seen = (...open: readonly OpenFinding[]) => ({ open, folder: 'x' });

/** Plays a session: what each run shows, first the scenario as it is. */
function play(runs: readonly (readonly OpenFinding[])[], options: Partial<SessionOptions> = {}) {
  const [first = [], ...later] = runs;
  const specs: string[] = [];
  let step: SessionStep = beginSession(FLEET, { ...OPTIONS, ...options }, seen(...first));
  for (const open of later) {
    if ('end' in step) throw new Error(`it has ended before: ${step.end.because}`);
    specs.push(step.spec);
    step = continueSession(step.state, seen(...open));
  }
  return { step, specs, end: 'end' in step ? step.end : undefined };
}

describe('a session', () => {
  it('ends at once where nothing is found', () => {
    expect(play([[]]).end).toMatchObject({ ending: 'clean', because: 'nothing was found' });
  });

  it('tries what is automatic on the groups that it changes, and goes on with what shows then', () => {
    const { specs, end } = play([[RIVALS], [SHARED], []]);
    expect(specs).toEqual([
      'client-id-from-thing-name:on=clones',
      'client-id-from-thing-name:on=clones+unique-certificates:on=clones',
    ]);
    expect(end).toMatchObject({
      ending: 'clean',
      spec: 'client-id-from-thing-name:on=clones+unique-certificates:on=clones',
    });
  });

  it('tries several findings at once, and one strategy for all findings that it is for', () => {
    const again = finding('flappers-2', ['close-before-reconnect'], ['flappers']);
    const { specs, step } = play([[RIVALS, FLAPPING, again], []]);
    expect(specs).toEqual([
      'client-id-from-thing-name:on=clones+close-before-reconnect:on=flappers',
    ]);
    expect(step.state.passes[0]?.tried[1]?.findings).toEqual([FLAPPING.key, again.key]);
  });

  it('takes back what removed nothing, and tries the next', () => {
    const { specs, end, step } = play([[RIVALS], [RIVALS], []]);
    expect(specs).toEqual([
      'client-id-from-thing-name:on=clones',
      'client-id-uuid:on=originals,on=clones',
    ]);
    expect(step.state.passes[0]?.useless.map(({ strategy }) => strategy)).toEqual([
      'client-id-from-thing-name',
    ]);
    expect(end?.spec).toBe('client-id-uuid:on=originals,on=clones');
  });

  it('keeps what helped one finding when another strategy did not help the other', () => {
    const { end } = play([[RIVALS, FLAPPING], [FLAPPING], [FLAPPING]]);
    expect(end).toMatchObject({ ending: 'exhausted', spec: 'client-id-from-thing-name:on=clones' });
  });

  it('ends with what is left when nothing more can be tried', () => {
    const { end } = play([[RIVALS], [RIVALS], [RIVALS]]);
    expect(end).toMatchObject({
      ending: 'exhausted',
      because: '1 finding left, and nothing more to try',
    });
    expect(end).not.toHaveProperty('spec');
  });

  it('runs no more passes than are allowed, and says what would be next', () => {
    const { end } = play([[RIVALS], [SHARED]], { passesMax: 1 });
    expect(end).toMatchObject({ ending: 'passes', because: '1 finding left after 1 pass' });
    expect(end?.next.map(({ spec }) => spec)).toEqual(['unique-certificates:on=clones']);
  });

  it('stops where a fix brings back what another one removed', () => {
    const { end } = play([[RIVALS], [SHARED], [RIVALS]]);
    expect(end?.ending).toBe('cycle');
    expect(end?.because).toBe(
      'a fix cycle: client-id-from-thing-name:on=clones+unique-certificates:on=clones brings back ' +
        'CONFLICTING_CLIENT_IDS_CHECK on originals-1, which client-id-from-thing-name:on=clones had removed',
    );
  });

  it('never runs the same scenario twice', () => {
    // The strategy is for both, was taken back once, and would be applied to the same groups again.
    const other = finding('originals-2', ['client-id-from-thing-name']);
    const { end } = play([[{ ...RIVALS, fixes: ['client-id-from-thing-name'] }], [other]]);
    expect(end?.ending).toBe('exhausted');
    const useless = { ...RIVALS, fixes: ['client-id-from-thing-name' as const] };
    expect(play([[useless], [useless, other]]).end).toMatchObject({
      ending: 'cycle',
      because: 'a fix cycle: client-id-from-thing-name:on=clones plans what has been run before',
    });
  });

  it('believes no run that proves nothing', () => {
    const unsound = { ...seen(), unsound: 'the broker died' };
    expect(beginSession(FLEET, OPTIONS, unsound)).toMatchObject({
      end: { ending: 'unsound', because: 'the broker died' },
    });
    const step = beginSession(FLEET, OPTIONS, seen(RIVALS));
    expect(continueSession(step.state, unsound)).toMatchObject({ end: { ending: 'unsound' } });
  });
});

describe('what is only suggested', () => {
  const only = { ...RIVALS, fixes: ['bind-client-id', 'revoke-certificates'] as const };

  it('is not tried unasked', () => {
    expect(play([[only]]).end?.ending).toBe('exhausted');
  });

  it('is tried when it is allowed, after what is automatic, and never who is the thief', () => {
    const allowed = { allowSuggestions: true };
    expect(play([[only], [only]], allowed).specs).toEqual(['bind-client-id']);
    expect(play([[RIVALS], [RIVALS], [RIVALS], [RIVALS]], allowed).specs[2]).toBe('bind-client-id');
  });

  it('is not tried on a broker that lacks the means', () => {
    const options = {
      allowSuggestions: true,
      unable: new Map([['bind-client-id', 'no'] as const]),
    };
    expect(play([[only]], options).end?.ending).toBe('exhausted');
  });

  it('is tried first when it was asked for, on the findings that it addresses', () => {
    const asked = parseFixSpecs(['revoke-certificates:on=clones'], FLEET)[0]?.parts ?? [];
    const { specs } = play([[RIVALS, FLAPPING], []], { asked });
    expect(specs).toEqual(['revoke-certificates:on=clones']);
  });

  it('is told with how to ask for it', () => {
    const specs = suggestionsFor([RIVALS, SHARED], FLEET, []).map(({ spec }) => spec);
    expect(specs).toEqual([
      'bind-client-id',
      'revoke-certificates:on=<group>',
      'certificate-rotation:on=originals,on=clones',
    ]);
    expect(suggestionsFor([RIVALS], FLEET, ['bind-client-id'])).toHaveLength(1);
  });
});

it('the outcome is met without findings, unmet with some, and open where nothing was proved', () => {
  expect(outcomeOf('clean', 0)).toBe('met');
  expect(outcomeOf('exhausted', 1)).toBe('unmet');
  expect(outcomeOf('passes', 2)).toBe('unmet');
  expect(outcomeOf('dry-run', 1)).toBe('unmet');
  expect(['cycle', 'unsound', 'interrupted'].map((end) => outcomeOf(end as 'cycle', 0))).toEqual([
    'inconclusive',
    'inconclusive',
    'inconclusive',
  ]);
});
