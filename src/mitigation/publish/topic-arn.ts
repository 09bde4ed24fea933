/** The ARN of an SNS topic, taken apart: everything that becomes part of a host is checked. Pure. */

export interface SnsTopic {
  readonly topicArn: string;
  readonly region: string;
  readonly accountId: string;
  /** Of the region, as AWS's endpoints page lists it. */
  readonly endpoint: string;
  /** FIFO topics want a group and a deduplication ID. */
  readonly isFifo: boolean;
}

const ARN =
  /^arn:(aws|aws-cn|aws-us-gov):sns:([a-z]{2}(?:-[a-z]{1,16}){1,3}-\d{1,2}):(\d{12}):([A-Za-z0-9_-]{1,256}(?:\.fifo)?)$/;
const SUFFIXES: Readonly<Record<string, string>> = { 'aws-cn': 'amazonaws.com.cn' };

export function snsTopic(topicArn: string): SnsTopic | undefined {
  const [, partition = '', region = '', accountId = '', topic] = ARN.exec(topicArn) ?? [];
  if (topic === undefined) return undefined;
  const suffix = SUFFIXES[partition] ?? 'amazonaws.com';
  const endpoint = `https://sns.${region}.${suffix}`;
  return { topicArn, region, accountId, endpoint, isFifo: topic.endsWith('.fifo') };
}
