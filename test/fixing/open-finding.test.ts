/** Findings of a run as a session knows them: whose they are, and which a rotation has ended. */
import { describe, expect, it } from 'vitest';
import { openFindings } from '../../src/fixing/open-finding.ts';
import { fixOf } from '../../src/scenario/fixes/registry.ts';
import { type MakePlanOptions, makePlan } from '../../src/scenario/plan.ts';
import { scenario } from '../scenario/helpers.ts';
import { CONFLICT, finding, SHARED } from '../support/judged.ts';

const FLEET = scenario(`  a: { devices: 2, identity: { certificate: shared, clientId: 'a-{{n}}' } }
  b: { devices: 1, identity: { clientId: a-1 } }
broker: { rules: [{ rule: client-id-bound }] }
`);

/** What is open of these findings; the plan's certificates have their names as IDs. */
function open(
  findings: readonly ReturnType<typeof finding>[],
  options: MakePlanOptions & { readonly rotated?: boolean; readonly revoked?: boolean } = {},
) {
  const params = { strategy: 'certificate-rotation', on: ['a'] } as const;
  const rotated = { ...params, on: [...params.on] };
  const fleet = options.rotated ? (fixOf(rotated).apply(FLEET, rotated) ?? FLEET) : FLEET;
  const plan = makePlan(fleet, '', options);
  return openFindings({
    plan,
    certificates: new Map(
      plan.certificates.map(({ name, thingName }) => [
        name,
        { thingName, certificateId: name, serialNumber: name },
      ]),
    ),
    startedAt: 0,
    findings,
    rotatedOut: new Set(options.revoked ? ['a-1'] : []),
  });
}

describe('a finding', () => {
  it('belongs to the groups that use its client ID or its certificate', () => {
    const found = open([finding(SHARED, 'a-1'), finding(CONFLICT, 'a-1')]);
    expect(found.map(({ label, groups }) => [label, groups])).toEqual([
      ['a-1', ['a', 'b']],
      ['the certificate of a-1', ['a']],
    ]);
  });

  it('belongs to those whom the broker knows by the name, where it replaces client IDs', () => {
    const found = open([finding(CONFLICT, 'a-1')], { clientIdBinding: 'replaced' });
    expect(found.map(({ groups }) => groups)).toEqual([['a']]);
  });

  it('of a stranger belongs to nobody', () => {
    expect(open([finding(CONFLICT, 'who')])).toMatchObject([{ label: 'who', groups: [] }]);
  });

  it('that is suppressed is not open', () => {
    expect(open([finding(CONFLICT, 'a-1', { isSuppressed: true })])).toEqual([]);
  });

  it('is over once its certificate has been rotated out, and not merely replaced', () => {
    const shared = [finding(SHARED, 'a-1')];
    expect(open(shared, { rotated: true, revoked: true })).toEqual([]);
    expect(open(shared, { rotated: true })).toHaveLength(1);
    expect(open(shared, { revoked: true })).toHaveLength(1);
  });
});
