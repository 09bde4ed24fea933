/**
 * The file of mitigation actions: which there are, and which check and reason code leads to which.
 * Names and limits are those of AWS's CreateMitigationAction and StartAuditMitigationActionsTask.
 * This zod type is the single source of the TypeScript types and of the JSON Schema for editors.
 */
import { z } from 'zod';
import { CHECK_IDS } from '../core/ids.ts';
import { snsTopic } from './publish/topic-arn.ts';

/** AWS: 1 to 5 actions for a check, 1 to 10 thing groups, at most 25 finding IDs. */
export const ACTIONS_PER_CHECK_MAX = 5;
const THING_GROUPS_MAX = 10;
const FINDING_IDS_MAX = 25;
const ACTIONS_MAX = 100;

const name = z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/, {
  message: 'write 1 to 128 letters, digits, hyphens and underscores',
});
const text = z
  .string()
  .min(1)
  .max(4096)
  .refine((path) => !path.includes('\0'), { message: 'write a path without a NUL in it' });

const httpUrl = z.string().max(2048).refine(isHttpUrl, {
  message: 'write a URL without a user name in it, such as https://hooks.example/findings',
});
const mqttsUrl = z.string().max(2048).refine(isMqttsUrl, {
  message: 'write mqtts://<host>:<port>',
});
const topic = z
  .string()
  .min(1)
  .max(1024)
  .refine((one) => !/[+#\0]/.test(one) && !one.startsWith('$'), {
    message: 'write a topic without wildcards that does not begin with $',
  });

const mqtt = z
  .strictObject({
    topic,
    qos: z.union([z.literal(0), z.literal(1)]).default(1),
    url: mqttsUrl.optional().describe('mqtts://<host>:<port>; the broker under test by default'),
    ca: text.optional().describe('PEM of the authority of that broker'),
    certificate: text.optional().describe('PEM of the certificate to publish with'),
    key: text.optional().describe('PEM of its key'),
  })
  .superRefine((one, context) => {
    const files = (['ca', 'certificate', 'key'] as const).filter((key) => one[key] !== undefined);
    if (files.length === (one.url === undefined ? 0 : 3)) return;
    context.addIssue({
      code: 'custom',
      message: 'url, ca, certificate and key belong together',
      params: { hint: 'write all four, or none for the broker under test' },
    });
  });

const params = {
  updateDeviceCertificateParams: z
    .strictObject({ action: z.literal('DEACTIVATE') })
    .describe('revoke the certificate of the finding on the broker under test'),
  addThingsToThingGroupParams: z
    .strictObject({
      thingGroupNames: z.array(name).min(1).max(THING_GROUPS_MAX),
      overrideDynamicGroups: z.boolean().optional(),
    })
    .describe('quarantine whoever the certificate of the finding is attached to'),
  publishFindingToSnsParams: z
    .strictObject({
      topicArn: z
        .string()
        .max(350)
        .refine((arn) => snsTopic(arn) !== undefined, {
          message: 'write arn:aws:sns:<region>:<account>:<topic>',
        }),
    })
    .describe('publish the finding to an SNS topic'),
  doppelfleetPublishParams: z
    .union([
      z.strictObject({ webhook: z.strictObject({ url: httpUrl }) }),
      z.strictObject({ mqtt }),
      z.strictObject({ file: z.strictObject({ path: text }) }),
    ])
    .describe('ours: publish the finding to a webhook, an MQTT topic or a file'),
};

const actionParams = z.union([
  z.strictObject({ updateDeviceCertificateParams: params.updateDeviceCertificateParams }),
  z.strictObject({ addThingsToThingGroupParams: params.addThingsToThingGroupParams }),
  z.strictObject({ publishFindingToSnsParams: params.publishFindingToSnsParams }),
  z.strictObject({ doppelfleetPublishParams: params.doppelfleetPublishParams }),
]);

// Held by the loader, so that the message is about the number and not about the form.
const names = z.array(name).min(1).meta({ maxItems: ACTIONS_PER_CHECK_MAX });
const rule = z.strictObject({
  reasonCodes: z.array(z.string().min(1).max(128)).min(1).max(25).optional(),
  actions: names,
});
const mapped = z
  .union([names, z.array(rule).min(1).max(25)])
  .describe('names of actions in their order, or rules by reason code: the first that fits counts');

export const mitigationFileSchema = z.strictObject({
  actions: z
    .array(z.strictObject({ actionName: name, actionParams }))
    .min(1)
    .max(ACTIONS_MAX),
  auditCheckToActionsMapping: z
    .partialRecord(z.enum(CHECK_IDS), mapped)
    .refine((mapping) => Object.keys(mapping).length > 0, {
      message: 'no check is mapped to an action',
      params: { hint: 'write for example DEVICE_CERTIFICATE_SHARED_CHECK: [revoke]' },
    }),
  target: z
    .union([
      z.strictObject({
        findingIds: z.array(z.string().min(1).max(128)).min(1).max(FINDING_IDS_MAX),
      }),
      z.strictObject({
        auditCheckToReasonCodeFilter: z.partialRecord(
          z.enum(CHECK_IDS),
          z.array(z.string().min(1).max(128)).min(1).max(25),
        ),
      }),
    ])
    .optional()
    .describe('only these findings; by default all of the audit'),
  signing: z
    .union([
      z.strictObject({ secretFile: text.describe('file with the secret, beside this one') }),
      z.strictObject({
        secretEnvironment: z.string().regex(/^[A-Z_][A-Z0-9_]{0,127}$/, {
          message: 'write the name of a variable, in capitals',
        }),
      }),
    ])
    .optional()
    .describe('where the secret is that what is published is signed with (HMAC-SHA256)'),
  sns: z
    .strictObject({ endpoint: httpUrl })
    .optional()
    .describe('another endpoint than that of the region, such as http://127.0.0.1:4566'),
});

export type MitigationFile = z.output<typeof mitigationFileSchema>;

/** JSON Schema (draft 2020-12) of the file, for editors. */
export function mitigationJsonSchema(): object {
  return {
    $id: 'urn:doppelfleet:mitigation:1',
    title: 'doppelfleet mitigation actions',
    ...z.toJSONSchema(mitigationFileSchema, { io: 'input', target: 'draft-2020-12' }),
    // Left to the author, for anchors.
    patternProperties: { '^x-': {} },
  };
}

function parsedUrl(value: string): URL | undefined {
  return URL.canParse(value) ? new URL(value) : undefined;
}

function isHttpUrl(value: string): boolean {
  const url = parsedUrl(value);
  return (
    (url?.protocol === 'https:' || url?.protocol === 'http:') &&
    url.username === '' &&
    url.password === ''
  );
}

function isMqttsUrl(value: string): boolean {
  const url = parsedUrl(value);
  return (
    url?.protocol === 'mqtts:' &&
    url.hostname !== '' &&
    url.username === '' &&
    url.password === '' &&
    ['', '/'].includes(url.pathname)
  );
}
