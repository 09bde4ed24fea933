/**
 * JSON Schemas that exports must fit. AWS's are written from the member lists of its API models
 * (iot 2015-05-28, securityhub 2018-10-26) and allow no other member; SARIF's is the official one.
 */
import { createRequire } from 'node:module';
import { Ajv, type ValidateFunction } from 'ajv';

const options = {
  strict: false,
  allErrors: true,
  formats: {
    'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
    uri: (text: string) => URL.canParse(text),
    // RFC 3986 §4.1, for references without a scheme.
    'uri-reference': /^(?:[\w\-.~!$&'()*+,;=@/?#]|%[0-9A-F]{2})*$/,
  },
};
const ajv = new Ajv(options);

/** Throws with every violation. */
export function mustFit(fits: ValidateFunction, value: unknown): void {
  if (!fits(value)) throw new Error(JSON.stringify(fits.errors?.slice(0, 5), null, 1));
}

const strict = (properties: object, required: readonly string[] = []) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const string = { type: 'string' };
const matching = (pattern: string) => ({ type: 'string', pattern });
const upTo = (maxLength: number) => ({ type: 'string', minLength: 1, maxLength });
const oneOf = (...values: string[]) => ({ enum: values });

const resourceIdentifier = strict({
  deviceCertificateId: matching('^(0x)?[a-fA-F0-9]+$'),
  caCertificateId: matching('^(0x)?[a-fA-F0-9]+$'),
  cognitoIdentityPoolId: string,
  clientId: string,
  policyVersionIdentifier: strict({ policyName: string, policyVersionId: string }),
  account: matching('^\\d{12}$'),
  iamRoleArn: string,
  roleAliasArn: string,
  issuerCertificateIdentifier: strict({
    issuerCertificateSubject: string,
    issuerId: string,
    issuerCertificateSerialNumber: string,
  }),
  deviceCertificateArn: string,
});

const resource = strict(
  {
    resourceType: oneOf(
      'DEVICE_CERTIFICATE',
      'CA_CERTIFICATE',
      'IOT_POLICY',
      'COGNITO_IDENTITY_POOL',
      'CLIENT_ID',
      'ACCOUNT_SETTINGS',
      'ROLE_ALIAS',
      'IAM_ROLE',
      'ISSUER_CERTIFICATE',
    ),
    resourceIdentifier: { ...resourceIdentifier, minProperties: 1 },
    additionalInfo: { type: 'object', minProperties: 1, additionalProperties: string },
  },
  ['resourceType', 'resourceIdentifier'],
);

const related = { type: 'array', minItems: 1, items: resource };
const auditFinding = {
  ...strict({
    findingId: matching('^[a-zA-Z0-9_-]{1,128}$'),
    taskId: matching('^[a-zA-Z0-9-]{1,40}$'),
    checkName: string,
    taskStartTime: { type: 'number' },
    findingTime: { type: 'number' },
    severity: oneOf('CRITICAL', 'HIGH', 'MEDIUM', 'LOW'),
    nonCompliantResource: resource,
    relatedResources: related,
    reasonForNonCompliance: string,
    reasonForNonComplianceCode: string,
    isSuppressed: { type: 'boolean' },
  }),
  // AWS requires none; ours always has these.
  required: ['findingId', 'taskId', 'checkName', 'severity', 'nonCompliantResource'],
};

export const listAuditFindings = ajv.compile(
  strict({ findings: { type: 'array', items: auditFinding }, nextToken: string }, ['findings']),
);

/** By finding ID: the answer of DescribeAuditFinding. */
export const describeAuditFinding = ajv.compile({
  type: 'object',
  additionalProperties: strict(
    {
      finding: {
        ...auditFinding,
        properties: { ...auditFinding.properties, relatedResources: { ...related, maxItems: 10 } },
      },
    },
    ['finding'],
  ),
});

/** By finding ID: the answer of ListRelatedResourcesForAuditFinding. */
export const listRelatedResources = ajv.compile({
  type: 'object',
  additionalProperties: strict(
    { relatedResources: { type: 'array', items: resource }, nextToken: string },
    ['relatedResources'],
  ),
});

const counts = { type: 'integer', minimum: 0 };

/** `arn:aws:iot:::schema:auditnotification/1.0`, and the suppressed count that came later. */
export const auditNotification = ajv.compile(
  strict(
    {
      accountId: matching('^\\d{12}$'),
      taskId: matching('^[a-zA-Z0-9-]{1,40}$'),
      taskStatus: oneOf('FAILED', 'CANCELED', 'COMPLETED'),
      taskType: oneOf('ON_DEMAND_AUDIT_TASK', 'SCHEDULED_AUDIT_TASK'),
      scheduledAuditName: matching('^[a-zA-Z0-9_-]{1,128}$'),
      failedChecksCount: counts,
      canceledChecksCount: counts,
      nonCompliantChecksCount: counts,
      compliantChecksCount: counts,
      totalChecksCount: counts,
      taskStartTime: { type: 'integer' },
      auditDetails: {
        type: 'array',
        items: strict(
          {
            checkName: string,
            checkRunStatus: oneOf(
              'FAILED',
              'CANCELED',
              'COMPLETED_COMPLIANT',
              'COMPLETED_NON_COMPLIANT',
            ),
            nonCompliantResourcesCount: counts,
            totalResourcesCount: counts,
            suppressedNonCompliantResourcesCount: counts,
            suppressedNonCompliantResourceCount: counts,
            message: { type: 'string', maxLength: 2048 },
            errorCode: oneOf('INSUFFICIENT_PERMISSIONS', 'AUDIT_CHECK_DISABLED'),
          },
          ['checkName', 'checkRunStatus', 'nonCompliantResourcesCount', 'totalResourcesCount'],
        ),
      },
    },
    [
      'accountId',
      'taskId',
      'taskStatus',
      'taskType',
      'failedChecksCount',
      'canceledChecksCount',
      'nonCompliantChecksCount',
      'compliantChecksCount',
      'totalChecksCount',
      'taskStartTime',
      'auditDetails',
    ],
  ),
);

const at = { type: 'string', format: 'date-time' };
const label = oneOf('CRITICAL', 'HIGH', 'MEDIUM', 'LOW');
const types = {
  type: 'array',
  minItems: 1,
  maxItems: 50,
  items: matching(
    '^(Unusual Behaviors|Software and Configuration Check/Vulnerabilities)(/[^/]+)?$',
  ),
};
const fields = (maxLength: number) => ({
  type: 'object',
  maxProperties: 50,
  propertyNames: { maxLength: 128, pattern: '^(?!aws/)' },
  additionalProperties: { type: 'string', maxLength },
});

/** What BatchImportFindings takes (limits of AwsSecurityFinding). */
export const batchImportFindings = ajv.compile({
  type: 'array',
  items: strict(
    {
      SchemaVersion: oneOf('2018-10-08'),
      Id: upTo(512),
      ProductArn: matching('^arn:aws[a-z-]*:securityhub:[a-z0-9-]+:(\\d{12})?:product/.+$'),
      ProductName: upTo(128),
      CompanyName: upTo(128),
      Region: upTo(16),
      GeneratorId: upTo(512),
      AwsAccountId: matching('^\\d{12}$'),
      Types: types,
      FirstObservedAt: at,
      LastObservedAt: at,
      CreatedAt: at,
      UpdatedAt: at,
      Severity: strict({ Label: label, Normalized: { type: 'integer', minimum: 1, maximum: 100 } }),
      Title: upTo(256),
      Description: upTo(1024),
      Remediation: strict({
        Recommendation: strict({ Text: upTo(512), Url: { type: 'string', format: 'uri' } }),
      }),
      ProductFields: fields(2048),
      Resources: {
        type: 'array',
        minItems: 1,
        maxItems: 32,
        items: strict(
          {
            Type: upTo(256),
            Id: upTo(512),
            Partition: oneOf('aws', 'aws-cn', 'aws-us-gov'),
            Region: upTo(16),
            Details: strict({ Other: fields(1023) }),
          },
          ['Type', 'Id'],
        ),
      },
      Workflow: strict({ Status: oneOf('NEW', 'SUPPRESSED') }),
      RecordState: oneOf('ACTIVE', 'ARCHIVED'),
      FindingProviderFields: strict({ Severity: strict({ Label: label }), Types: types }),
    },
    [
      'SchemaVersion',
      'Id',
      'ProductArn',
      'GeneratorId',
      'AwsAccountId',
      'Types',
      'CreatedAt',
      'UpdatedAt',
      'Severity',
      'Title',
      'Description',
      'Resources',
    ],
  ),
});

/** The official schema as Microsoft's SARIF SDK ships it; draft 4 differs by the name of its ID. */
export const sarifLog: ValidateFunction = (() => {
  const require = createRequire(import.meta.url);
  const official = require('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json');
  const { id: _, $schema: __, ...schema } = official;
  // One of its patterns is not valid with the u flag.
  return new Ajv({ ...options, unicodeRegExp: false }).compile(schema);
})();
