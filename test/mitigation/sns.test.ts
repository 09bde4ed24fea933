/**
 * PUBLISH_FINDING_TO_SNS against an HTTP endpoint on loopback: the request that the AWS SDK makes is
 * the Query protocol's, and its SigV4 signature is computed again and must be the same.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Answer, httpReceiver, type ReceivedRequest } from '../support/http-receiver.ts';
import { finding, mitigationWith } from '../support/mitigation-samples.ts';
import { publishFindings } from '../support/patient-publisher.ts';
import { sigV4Of } from '../support/sigv4.ts';

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:findings';
const KEY_ID = 'AKIDEXAMPLE';
const SECRET_KEY = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', KEY_ID);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', SECRET_KEY);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  // Nobody's settings may decide where findings go.
  vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:1');
  vi.stubEnv('AWS_ENDPOINT_URL_SNS', 'http://127.0.0.1:1');
  vi.stubEnv('AWS_REGION', 'us-east-1');
});
afterEach(() => void vi.unstubAllEnvs());

function toSns(endpoint: string, topicArn = TOPIC) {
  const params = `{ publishFindingToSnsParams: { topicArn: '${topicArn}' } }`;
  const more = `sns: { endpoint: '${endpoint}' }`;
  return mitigationWith({ sns: params }, 'DEVICE_CERTIFICATE_SHARED_CHECK: [sns]', more);
}

const accepted: Answer = (response) =>
  void response.writeHead(200, { 'content-type': 'text/xml' }).end(
    `<PublishResponse xmlns="https://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>
      <MessageId>567910cd-659e-55d4-8ccb-5aaf14679dc0</MessageId></PublishResult>
      <ResponseMetadata><RequestId>d74b8436</RequestId></ResponseMetadata></PublishResponse>`,
  );

function refusal(status: number, code: string, message: string): Answer {
  return (response) =>
    void response.writeHead(status, { 'content-type': 'text/xml' }).end(
      `<ErrorResponse xmlns="https://sns.amazonaws.com/doc/2010-03-31/"><Error>
        <Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>
        <RequestId>d74b8436</RequestId></ErrorResponse>`,
    );
}

describe('publishing to SNS', () => {
  test('sends a signed request of the Query protocol with the envelope as its message', async () => {
    const { url, requests } = await httpReceiver(accepted);
    const hostile = finding({ clientId: 'a&Action=DeleteTopic\r\nHost: evil.example' });
    const { record } = await publishFindings({
      mitigation: toSns(url),
      findings: [hostile],
      secret: Buffer.from('a secret of at least sixteen bytes'),
    });
    expect(record.executions[0]?.message).toBeUndefined();
    expect(record.taskStatus).toBe('COMPLETED');
    const [request] = requests as [ReceivedRequest];
    expect([request.method, request.url]).toEqual(['POST', '/']);
    expect(request.headers['content-type']).toBe('application/x-www-form-urlencoded');

    const signed = sigV4Of(request, SECRET_KEY);
    expect(signed).toMatchObject({ accessKeyId: KEY_ID, region: 'eu-west-1', service: 'sns' });
    expect(signed.signedHeaders).toEqual(expect.arrayContaining(['host', 'x-amz-date']));
    expect(signed.signature).toBe(signed.expected);

    const form = new URLSearchParams(request.body);
    expect(form.getAll('Action')).toEqual(['Publish']);
    expect(form.get('Version')).toBe('2010-03-31');
    expect(form.get('TopicArn')).toBe(TOPIC);
    const message = JSON.parse(form.get('Message') ?? '');
    expect(message).toMatchObject({ accountId: '123456789012', actionName: 'sns' });
    expect(message.finding).toEqual(hostile);
    const attributes = attributesOf(form);
    expect(attributes['doppelfleet.id']).toEqual({ type: 'String', value: message.doppelfleet.id });
    expect(attributes['doppelfleet.attempt']).toEqual({ type: 'Number', value: '1' });
    expect(attributes['doppelfleet.check']?.value).toBe('DEVICE_CERTIFICATE_SHARED_CHECK');
    expect(attributes['doppelfleet.signature']?.value).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);
  });

  test('a signature by another secret is told from a right one', async () => {
    const { url, requests } = await httpReceiver(accepted);
    await publishFindings({ mitigation: toSns(url), findings: [finding()] });
    const [request] = requests as [ReceivedRequest];
    const signed = sigV4Of(request, `${SECRET_KEY}x`);
    expect(signed.signature).not.toBe(signed.expected);
  });

  test('a topic that refuses is not asked again, and its words are told', async () => {
    const { url, requests } = await httpReceiver(
      refusal(403, 'AuthorizationError', 'User is not authorized to perform: SNS:Publish'),
    );
    const { record } = await publishFindings({ mitigation: toSns(url), findings: [finding()] });
    expect(requests).toHaveLength(1);
    expect(record.executions[0]).toMatchObject({ status: 'FAILED', errorCode: 'PUBLISH_REFUSED' });
    expect(record.executions[0]?.message).toMatch(
      /^SNS in eu-west-1 refused it: HTTP 403, AuthorizationError\w*: User is not authorized/,
    );
    expect(JSON.stringify(record)).not.toContain(SECRET_KEY);
  });

  test('throttling and trouble of the service are asked again', async () => {
    const { url, requests } = await httpReceiver(
      refusal(400, 'Throttling', 'Rate exceeded'),
      refusal(500, 'InternalError', 'oops'),
      accepted,
    );
    const { record } = await publishFindings({ mitigation: toSns(url), findings: [finding()] });
    expect(record.taskStatus).toBe('COMPLETED');
    const ids = requests.map(
      ({ body }) => attributesOf(new URLSearchParams(body))['doppelfleet.id']?.value,
    );
    expect(new Set(ids).size).toBe(1);
    expect(requests).toHaveLength(3);
  });

  test('a FIFO topic is given a group and an ID by which it drops what it has seen', async () => {
    const { url, requests } = await httpReceiver(accepted);
    await publishFindings({ mitigation: toSns(url, `${TOPIC}.fifo`), findings: [finding()] });
    const [request] = requests as [ReceivedRequest];
    const form = new URLSearchParams(request.body);
    expect(form.get('MessageGroupId')).toBe('DEVICE_CERTIFICATE_SHARED_CHECK');
    const { id } = JSON.parse(form.get('Message') ?? '').doppelfleet;
    expect(form.get('MessageDeduplicationId')).toBe(id);
  });

  test('nothing is sent to redirects of the endpoint', async () => {
    const elsewhere = await httpReceiver(accepted);
    const { url } = await httpReceiver(
      (response) => void response.writeHead(307, { location: elsewhere.url }).end(),
    );
    const { record } = await publishFindings({ mitigation: toSns(url), findings: [finding()] });
    expect(elsewhere.requests).toHaveLength(0);
    expect(record.taskStatus).toBe('FAILED');
  });
});

function attributesOf(form: URLSearchParams) {
  const found: Record<string, { type: string | null; value: string | null }> = {};
  for (let n = 1; form.has(`MessageAttributes.entry.${n}.Name`); n++) {
    const at = `MessageAttributes.entry.${n}`;
    found[form.get(`${at}.Name`) ?? ''] = {
      type: form.get(`${at}.Value.DataType`),
      value: form.get(`${at}.Value.StringValue`),
    };
  }
  return found;
}
