/** The file of mitigation actions: AWS's limits, every problem at once with its place. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { UserError } from '../../src/core/errors.ts';
import { loadMitigation, parseMitigation } from '../../src/mitigation/actions-file.ts';
import { mitigationJsonSchema } from '../../src/mitigation/actions-schema.ts';

const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url));

const ACTIONS = `actions:
  - actionName: revoke
    actionParams: { updateDeviceCertificateParams: { action: DEACTIVATE } }
  - actionName: tell
    actionParams: { publishFindingToSnsParams: { topicArn: 'arn:aws:sns:eu-west-1:123456789012:x' } }
`;
const MAPPING = `auditCheckToActionsMapping:
  DEVICE_CERTIFICATE_SHARED_CHECK: [tell, revoke]
`;

function problemsOf(text: string, beyondAws = false): string[] {
  try {
    parseMitigation(text, 'a.yaml', { beyondAws });
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.exitCode).toBe(65);
    return error.problems.map(
      ({ line, column, path, message, hint }) => `${line}:${column} ${path}: ${message} — ${hint}`,
    );
  }
}

describe('a file of mitigation actions', () => {
  it('reads actions as AWS shapes them, and the mapping in its order', () => {
    const { actions, mappings } = parseMitigation(ACTIONS + MAPPING, 'a.yaml');
    expect(actions.map(({ actionName }) => actionName)).toEqual(['revoke', 'tell']);
    expect(mappings).toEqual([
      { check: 'DEVICE_CERTIFICATE_SHARED_CHECK', rules: [{ actions: ['tell', 'revoke'] }] },
    ]);
  });

  it('lets a reason code choose the actions', () => {
    const mapping = `auditCheckToActionsMapping:
  DEVICE_CERTIFICATE_KEY_QUALITY_CHECK:
    - { reasonCodes: [DOPPELFLEET_WEAK_CURVE], actions: [tell] }
    - { actions: [tell, revoke] }
`;
    expect(parseMitigation(ACTIONS + mapping, 'a.yaml').mappings[0]?.rules).toEqual([
      { reasonCodes: ['DOPPELFLEET_WEAK_CURVE'], actions: ['tell'] },
      { actions: ['tell', 'revoke'] },
    ]);
  });

  it('allows for each check what AWS allows, unless that is lifted', () => {
    const mapping = `auditCheckToActionsMapping:
  CONFLICTING_CLIENT_IDS_CHECK: [tell, revoke]
`;
    expect(problemsOf(ACTIONS + mapping)).toEqual([
      '7:40 auditCheckToActionsMapping.CONFLICTING_CLIENT_IDS_CHECK.1: AWS does not allow ' +
        'UPDATE_DEVICE_CERTIFICATE for CONFLICTING_CLIENT_IDS_CHECK — it allows ' +
        'PUBLISH_FINDING_TO_SNS; --beyond-aws lifts that',
    ]);
    expect(problemsOf(ACTIONS + mapping, true)).toEqual([]);
  });

  it('tells every wrong name at once, each at its line', () => {
    const text = `${ACTIONS}  - actionName: tell
    actionParams: { updateDeviceCertificateParams: { action: DEACTIVATE } }
auditCheckToActionsMapping:
  DEVICE_CERTIFICATE_SHARED_CHECK:
    - { reasonCodes: [CERTIFICATE_SHARED], actions: [revok, revoke, revoke] }
`;
    expect(problemsOf(text)).toEqual([
      '6:17 actions.2.actionName: there are two actions "tell" — give one of them another name',
      '10:23 auditCheckToActionsMapping.DEVICE_CERTIFICATE_SHARED_CHECK.0.reasonCodes.0: ' +
        'DEVICE_CERTIFICATE_SHARED_CHECK never gives the reason "CERTIFICATE_SHARED" — its reason ' +
        'is CERTIFICATE_SHARED_BY_MULTIPLE_DEVICES',
      '10:54 auditCheckToActionsMapping.DEVICE_CERTIFICATE_SHARED_CHECK.0.actions.0: there is no ' +
        'action "revok" — did you mean revoke?',
      '10:69 auditCheckToActionsMapping.DEVICE_CERTIFICATE_SHARED_CHECK.0.actions.2: "revoke" ' +
        'stands here twice — keep the first',
    ]);
  });

  it.each([
    [
      'two parameters',
      '{ updateDeviceCertificateParams: { action: DEACTIVATE }, addThingsToThingGroupParams: { thingGroupNames: [q] } }',
    ],
    ['no parameters', '{}'],
    ['another action than DEACTIVATE', '{ updateDeviceCertificateParams: { action: REVOKE } }'],
    [
      'eleven thing groups',
      '{ addThingsToThingGroupParams: { thingGroupNames: [a,b,c,d,e,f,g,h,i,j,k] } }',
    ],
    [
      'an ARN of no topic',
      "{ publishFindingToSnsParams: { topicArn: 'arn:aws:sqs:eu-west-1:123456789012:x' } }",
    ],
    [
      'an ARN with another host in its region',
      "{ publishFindingToSnsParams: { topicArn: 'arn:aws:sns:evil.example/:123456789012:x' } }",
    ],
    [
      'a webhook with a password',
      "{ doppelfleetPublishParams: { webhook: { url: 'https://a:b@hooks.example/' } } }",
    ],
    [
      'a webhook that is a file',
      "{ doppelfleetPublishParams: { webhook: { url: 'file:///etc/passwd' } } }",
    ],
    ['a topic with a wildcard', "{ doppelfleetPublishParams: { mqtt: { topic: 'a/#' } } }"],
    ['a file with a NUL in its name', '{ doppelfleetPublishParams: { file: { path: "a\\0b" } } }'],
    [
      'a password in the URL of a broker',
      "{ doppelfleetPublishParams: { mqtt: { topic: a, url: 'mqtts://:b@c', ca: d, certificate: e, key: f } } }",
    ],
    [
      'a broker without its files',
      "{ doppelfleetPublishParams: { mqtt: { topic: a, url: 'mqtts://b:8883' } } }",
    ],
  ])('refuses an action with %s', (_what, params) => {
    const text = `actions:\n  - actionName: revoke\n    actionParams: ${params}\n${MAPPING.replace('tell, ', '')}`;
    const problems = problemsOf(text);
    expect(problems).not.toEqual([]);
    for (const problem of problems) expect(problem).toMatch(/^3:\d+ actions\.0\.actionParams/);
  });

  it('refuses what AWS has no place for', () => {
    const six = `${ACTIONS}auditCheckToActionsMapping: { DEVICE_CERTIFICATE_SHARED_CHECK: [a,b,c,d,e,f] }\n`;
    expect(problemsOf(six)[0]).toContain('at most 5');
    expect(problemsOf(`${ACTIONS}auditCheckToActionsMapping: {}\n`)[0]).toContain(
      'no check is mapped',
    );
    expect(problemsOf(`${ACTIONS}${MAPPING}signing: { secret: hunter2 }\n`)[0]).toContain(
      'signing',
    );
  });

  it('is described by the published schema, and the example of the docs is valid by it', async () => {
    const schema = mitigationJsonSchema();
    const text = `${JSON.stringify(schema, null, 2)}\n`;
    const published = `${DOCS}mitigation.schema.json`;
    if (process.env.UPDATE_SCHEMA === '1') await writeFile(published, text);
    expect(await readFile(published, 'utf8'), 'UPDATE_SCHEMA=1 writes it anew').toBe(text);
    const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(
      schema,
    );
    const example = await readFile(`${DOCS}mitigation.yaml`, 'utf8');
    expect(example).toMatch(/^# yaml-language-server: \$schema=\.\/mitigation\.schema\.json\n/);
    validate(parse(example));
    expect(validate.errors).toBeNull();
    await loadMitigation(`${DOCS}mitigation.yaml`);
  });
});
