/** Fixes as the command line names them: what they mean, and every mistake at once. */
import { describe, expect, it } from 'vitest';
import { EXIT, UserError } from '../../../src/core/errors.ts';
import { parseFixSpecs } from '../../../src/scenario/fixes/fix-spec.ts';
import { scenario } from '../helpers.ts';

const ONE = scenario(`  pumps: { devices: 2 }
  clones: { devices: 2, identity: { certificate: shared, clientId: same } }
fixes:
  both: [{ strategy: client-id-uuid, on: clones }, { strategy: unique-certificates }]
  backoff: { strategy: backoff, base: 3s }
`);

const parts = (spec: string, timeScale?: number) => parseFixSpecs([spec], ONE, timeScale)[0]?.parts;

function refusal(...specs: readonly string[]): readonly string[] {
  try {
    parseFixSpecs(specs, ONE);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.exitCode).toBe(EXIT.usage);
    return error.problems.map(({ message, hint }) => `${message} — ${hint}`);
  }
  return [];
}

describe('a fix on the command line', () => {
  it('is one of the scenario before it is a strategy', () => {
    expect(parts('backoff')).toMatchObject([{ strategy: 'backoff', base: 3000 }]);
    expect(parts('backoff:base=2s')).toMatchObject([{ strategy: 'backoff', base: 2000 }]);
    expect(parts('both')).toHaveLength(2);
  });

  it('is a strategy with its defaults, or with parameters', () => {
    expect(parts('client-id-uuid')).toEqual([{ strategy: 'client-id-uuid', uuid: 'v4-kept' }]);
    expect(parts('client-id-uuid:uuid=v5-certificate,on=clones,on=pumps')).toEqual([
      { strategy: 'client-id-uuid', uuid: 'v5-certificate', on: ['clones', 'pumps'] },
    ]);
    expect(parts('limit-connections:connections=7')).toEqual([
      { strategy: 'limit-connections', connections: 7 },
    ]);
  });

  it('is several strategies together', () => {
    expect(parts('client-id-uuid+unique-certificates')).toMatchObject([
      { strategy: 'client-id-uuid' },
      { strategy: 'unique-certificates' },
    ]);
    expect(parts('both+backoff')).toHaveLength(3);
  });

  it('is scaled with the scenario where it is written out, and no second time where it is not', () => {
    expect(parts('backoff:base=2s', 0.5)).toMatchObject([{ base: 1000, max: 15_000 }]);
    expect(parts('backoff', 0.5)).toMatchObject([{ base: 3000 }]);
  });

  it('counts once however often it is named', () => {
    expect(parseFixSpecs(['both', 'backoff', 'both'], ONE).map(({ name }) => name)).toEqual([
      'both',
      'backoff',
    ]);
  });
});

describe('a fix that makes no sense is refused', () => {
  it.each([
    ['boht', 'there is no fix "boht" — did you mean both?'],
    ['client-id-uid', 'did you mean client-id-uuid?'],
    ['xyzzy', 'known are both, backoff of test, or a strategy: client-id-uuid'],
    ['constructor', 'there is no fix "constructor"'],
    ['', 'there is no fix ""'],
    ['both:on=pumps', 'both is a fix of the scenario and takes no parameters here'],
    ['backoff:bse=1s', 'backoff has no parameter "bse" — did you mean base?'],
    ['bind-client-id:on=pumps', 'bind-client-id has no parameter "on" — it has none'],
    ['backoff:base', '"base" is no parameter — write <strategy>:<name>=<value>'],
    ['backoff:base=1', 'base=1 is not allowed — write a duration with its unit'],
    ['backoff:base=1s,base=2s', 'base is there twice'],
    ['backoff:strategy=x', 'strategy is no parameter'],
    ['client-id-uuid:uuid=v6', 'uuid=v6 is not allowed — write v4-per-connect, v4-kept'],
    ['limit-connections', 'limit-connections needs connections'],
    ['revoke-certificates', 'revoke-certificates needs on'],
    [
      'unique-certificates:on=clone',
      'there is no group "clone" for unique-certificates — did you mean clones?',
    ],
    ['unique-certificates:on=pumps', 'unique-certificates changes nothing in pumps'],
    ['close-before-reconnect', 'close-before-reconnect changes nothing in any group'],
    ['backoff:base=1s+backoff:base=2s', 'backoff is there twice'],
    ['client-id-uuid+client-id-from-thing-name', 'contradict one another: the order would decide'],
    ['certificate-rotation:at=1h', 'afterwards fleet.pumps.behaviour would be wrong'],
    ['\u001b[31m', 'there is no fix "\\x1b[31m"'],
  ])('%s', (spec, words) => {
    const [first = ''] = refusal(spec);
    expect(first).toContain(words);
    expect(first.startsWith('--fix ')).toBe(true);
  });

  it('with all that is wrong at once', () => {
    expect(refusal('nope', 'backoff:x=1,base=1', 'both', 'close-before-reconnect')).toHaveLength(4);
  });
});
