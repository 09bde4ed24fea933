/** What all findings of an audit have in common in the AWS Security Finding Format. Pure. */
import type { AsffFinding } from './asff-format.ts';
import type { ExportOptions } from './export.ts';
import type { TaskFacts } from './task.ts';

type Common = 'SchemaVersion' | 'ProductArn' | 'ProductName' | 'CompanyName' | 'Region';

/** Which account and product a finding belongs to. */
export function asffCommon(
  { account, region, partition }: TaskFacts,
  { productArn }: ExportOptions,
): Pick<AsffFinding, Common | 'AwsAccountId'> {
  return {
    SchemaVersion: '2018-10-08',
    // Customers may import for their own default product only; AWS's is not theirs.
    ProductArn:
      productArn ?? `arn:${partition}:securityhub:${region}:${account}:product/${account}/default`,
    ProductName: 'doppelfleet',
    CompanyName: 'doppelfleet',
    Region: region,
    AwsAccountId: account,
  };
}

/** The task's type and schedule, among the product fields. */
export function asffTaskFields({
  taskType,
  scheduledAuditName,
}: TaskFacts): Readonly<Record<string, string>> {
  return {
    TaskType: taskType,
    ...(scheduledAuditName === undefined ? {} : { ScheduledAuditName: scheduledAuditName }),
  };
}

/** As AWS IoT Device Defender classes its checks; the /CVE classifier is that of its own example. */
export function asffTypes(checkName: string): readonly string[] {
  if (UNUSUAL.has(checkName)) return ['Unusual Behaviors'];
  const vulnerabilities = 'Software and Configuration Check/Vulnerabilities';
  return [checkName.includes('KEY_QUALITY') ? `${vulnerabilities}/CVE` : vulnerabilities];
}

const UNUSUAL: ReadonlySet<string> = new Set([
  'CONFLICTING_CLIENT_IDS_CHECK',
  'DEVICE_CERTIFICATE_SHARED_CHECK',
  'SHARED_PRINCIPAL_CHECK',
]);
