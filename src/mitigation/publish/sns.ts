/**
 * Publishing to SNS by the AWS SDK, the one home of it: credentials by the SDK's own chain, requests
 * signed by it (SigV4). Its retries are off: ours are counted and stand in the trail. The endpoint
 * is always given, so that no setting of the environment can send findings elsewhere.
 */
import type { PublishCommandInput, SNSClient } from '@aws-sdk/client-sns';
import { printable } from '../../core/text.ts';
import { type Channel, type Delivery, type OutgoingMessage, SEND_TIMEOUT_MS } from './channel.ts';
import type { SnsTopic } from './topic-arn.ts';

/** Errors that AWS gives status 400 and that pass (Common Errors, SNS API reference). */
const THROTTLING = [
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestLimitExceeded',
];

export interface SnsOptions {
  readonly topic: SnsTopic;
  /** Instead of the region's endpoint. */
  readonly endpoint?: string;
}

export function snsChannel({ topic, endpoint = topic.endpoint }: SnsOptions): Channel {
  let client: Promise<SNSClient> | undefined;
  return {
    title: `SNS in ${topic.region}`,
    send: async (message, signal) => {
      client ??= connect(topic, endpoint);
      return publish(await client, topic, message, signal);
    },
  };
}

async function connect({ region }: SnsTopic, endpoint: string): Promise<SNSClient> {
  const { SNSClient } = await import('@aws-sdk/client-sns');
  return new SNSClient({ region, endpoint, maxAttempts: 1 });
}

async function publish(
  client: SNSClient,
  topic: SnsTopic,
  message: OutgoingMessage,
  signal: AbortSignal,
): Promise<Delivery> {
  const { PublishCommand } = await import('@aws-sdk/client-sns');
  try {
    const { MessageId } = await client.send(new PublishCommand(publishInput(topic, message)), {
      abortSignal: AbortSignal.any([signal, AbortSignal.timeout(SEND_TIMEOUT_MS)]),
    });
    return {
      outcome: 'delivered',
      detail: `SNS message ${printable(MessageId ?? 'without ID', 80)}`,
    };
  } catch (error) {
    return refusalOf(error);
  }
}

/** What is asked of SNS: attributes are for filters, FIFO topics drop what they have seen. */
function publishInput(topic: SnsTopic, message: OutgoingMessage): PublishCommandInput {
  const { id, attempt, check, body, signature } = message;
  const attribute = (value: string) => ({ DataType: 'String', StringValue: value });
  return {
    TopicArn: topic.topicArn,
    Message: body,
    MessageAttributes: {
      'doppelfleet.id': attribute(id),
      'doppelfleet.attempt': { DataType: 'Number', StringValue: String(attempt) },
      'doppelfleet.check': attribute(check),
      ...(signature === undefined ? {} : { 'doppelfleet.signature': attribute(signature) }),
    },
    ...(topic.isFifo ? { MessageGroupId: check, MessageDeduplicationId: id } : {}),
  };
}

interface ServiceError {
  readonly name: string;
  readonly message: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

function refusalOf(error: unknown): Delivery {
  const { name, message, $metadata }: ServiceError =
    error instanceof Error ? error : { name: 'Error', message: String(error) };
  const detail = `${printable(name, 60)}: ${printable(message, 300)}`;
  // Without credentials nothing is sent, now or later.
  if (name === 'CredentialsProviderError') return { outcome: 'refused', detail };
  const status = $metadata?.httpStatusCode;
  if (status === undefined) return { outcome: 'failed', detail };
  const passes = status >= 500 || status === 408 || status === 429 || THROTTLING.includes(name);
  return { outcome: passes ? 'failed' : 'refused', detail: `HTTP ${status}, ${detail}` };
}
