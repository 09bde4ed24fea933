/**
 * Checks a SigV4 signature as a service does, written from AWS's description of the algorithm
 * («Create a signed AWS API request», IAM user guide) and not from any SDK.
 */
import { createHash, createHmac } from 'node:crypto';
import type { ReceivedRequest } from './http-receiver.ts';

export interface SigV4 {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** What the signature must be by the secret. */
  readonly expected: string;
}

export function sigV4Of({ method, url, headers, body }: ReceivedRequest, secret: string): SigV4 {
  const [, accessKeyId = '', date = '', region = '', service = '', signed = '', signature = ''] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    ) ?? [];
  const signedHeaders = signed.split(';');
  const [path = '/', query = ''] = url.split('?');
  const canonical = [
    method,
    path,
    query,
    ...signedHeaders.map((name) => `${name}:${String(headers[name]).trim().replace(/ +/g, ' ')}`),
    '',
    signed,
    sha256(body),
  ].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', String(headers['x-amz-date']), scope, sha256(canonical)].join(
    '\n',
  );
  const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>(
    (last, part) => createHmac('sha256', last).update(part).digest(),
    `AWS4${secret}`,
  );
  const expected = createHmac('sha256', key).update(toSign).digest('hex');
  return { accessKeyId, date, region, service, signedHeaders, signature, expected };
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
