/** Publishing to a webhook and to a file: retries, signatures, and findings that mean harm. */
import { createHmac } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { HOSTILE_IDS } from '../support/audit-results.ts';
import { httpReceiver, type ReceivedRequest, status } from '../support/http-receiver.ts';
import { finding, mitigationWith } from '../support/mitigation-samples.ts';
import { publishFindings } from '../support/patient-publisher.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SECRET = Buffer.from('a secret of at least sixteen bytes');

function toWebhook(url: string) {
  const params = `{ doppelfleetPublishParams: { webhook: { url: '${url}' } } }`;
  return mitigationWith({ hook: params }, 'DEVICE_CERTIFICATE_SHARED_CHECK: [hook]');
}

/** As a receiver would check it. */
function isSigned(signature: string, body: string): boolean {
  const [, seconds = '', code = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature) ?? [];
  return code === createHmac('sha256', SECRET).update(`${seconds}.${body}`).digest('hex');
}

describe('a webhook', () => {
  test('gets AuditFinding as AWS shapes it, in an envelope that says what is ours', async () => {
    const { url, requests } = await httpReceiver(status(200));
    const { record } = await publishFindings({
      mitigation: toWebhook(`${url}/hooks?token=t`),
      findings: [finding()],
      secret: SECRET,
    });
    expect(record.taskStatus).toBe('COMPLETED');
    const [request] = requests as [ReceivedRequest];
    expect([request.method, request.url]).toEqual(['POST', '/hooks?token=t']);
    expect(request.headers['content-type']).toBe('application/json');
    expect(isSigned(String(request.headers['x-doppelfleet-signature']), request.body)).toBe(true);
    const { finding: sent, doppelfleet, ...rest } = JSON.parse(request.body);
    expect(sent).toEqual(finding());
    expect(rest).toEqual({ accountId: '000000000000', actionName: 'hook', taskId: 'mitigation-1' });
    expect(doppelfleet).toMatchObject({ kind: 'published-finding', version: 1, attempt: 1 });
    expect(doppelfleet.id).toBe(request.headers['x-doppelfleet-id']);
  });

  test('that fails twice is asked a third time, with the same ID and a longer pause', async () => {
    const { url, requests } = await httpReceiver(status(500), status(503), status(200));
    const { record, waits, attempts } = await publishFindings({
      mitigation: toWebhook(url),
      findings: [finding()],
      secret: SECRET,
    });
    expect(record.taskStatus).toBe('COMPLETED');
    expect(waits).toEqual([250, 500]);
    expect(attempts).toEqual([
      'attempt 1: failed (HTTP 500)',
      'attempt 2: failed (HTTP 503)',
      'attempt 3: delivered (HTTP 200)',
    ]);
    expect(new Set(requests.map(({ headers }) => headers['x-doppelfleet-id'])).size).toBe(1);
    const numbers = requests.map(({ headers }) => headers['x-doppelfleet-attempt']);
    expect(numbers).toEqual(['1', '2', '3']);
    for (const { headers, body } of requests) {
      expect(isSigned(String(headers['x-doppelfleet-signature']), body)).toBe(true);
    }
  });

  test('pauses are drawn between nothing and the whole, and attempts are bounded', async () => {
    const { url, requests } = await httpReceiver(status(500));
    const { record, waits } = await publishFindings({
      mitigation: toWebhook(url),
      findings: [finding()],
      random: 0.5,
    });
    expect(waits).toEqual([125, 250, 500, 1000]);
    expect(requests).toHaveLength(5);
    expect(record.executions[0]).toMatchObject({ status: 'FAILED', errorCode: 'PUBLISH_FAILED' });
    expect(record.executions[0]?.message).toMatch(
      /^the webhook at 127\.0\.0\.1:\d+ failed in 5 attempts: HTTP 500$/,
    );
  });

  test.each([
    [429, '7', 7000],
    [503, new Date(Date.now() + 30_000).toUTCString(), undefined],
  ])('%i with Retry-After is asked again when it says', async (code, after, wanted) => {
    const answers = [status(code, { 'retry-after': after }), status(204)] as const;
    const { url } = await httpReceiver(...answers);
    const { record, waits } = await publishFindings({
      mitigation: toWebhook(url),
      findings: [finding()],
    });
    expect(record.taskStatus).toBe('COMPLETED');
    expect(waits).toHaveLength(1);
    if (wanted !== undefined) expect(waits).toEqual([wanted]);
    else expect(waits[0]).toBeGreaterThan(20_000);
  });

  test('that asks for an hour is not waited for', async () => {
    const { url, requests } = await httpReceiver(status(429, { 'retry-after': '3600' }));
    const { record } = await publishFindings({
      mitigation: toWebhook(url),
      findings: [finding()],
    });
    expect(requests).toHaveLength(1);
    expect(record.executions[0]?.message).toContain('wants to be asked again in 3600 s');
  });

  test.each([
    [400, 'HTTP 400'],
    [404, 'HTTP 404'],
    [302, 'HTTP 302: redirects are not followed'],
  ])('%i is a refusal: it is not asked again', async (code, detail) => {
    const elsewhere = await httpReceiver(status(200));
    const { url, requests } = await httpReceiver(status(code, { location: elsewhere.url }));
    const { record } = await publishFindings({
      mitigation: toWebhook(url),
      findings: [finding()],
    });
    expect(requests).toHaveLength(1);
    expect(elsewhere.requests).toHaveLength(0);
    expect(record.executions[0]).toMatchObject({ status: 'FAILED', errorCode: 'PUBLISH_REFUSED' });
    expect(record.executions[0]?.message).toMatch(new RegExp(`refused it: ${detail}$`));
  });

  test('that hangs up is asked again', async () => {
    const { url } = await httpReceiver((response) => response.destroy(), status(200));
    const { record, attempts } = await publishFindings({
      mitigation: toWebhook(url),
      findings: [finding()],
    });
    expect(record.taskStatus).toBe('COMPLETED');
    expect(attempts[0]).toMatch(/^attempt 1: failed \(.*(UND_ERR_SOCKET|ECONNRESET)/);
  });

  test('gets client IDs that mean harm in its body, and no header of theirs', async () => {
    const { url, requests } = await httpReceiver(status(200));
    const findings = HOSTILE_IDS.filter((id) => id.length < 200).flatMap((clientId, index) => [
      {
        ...finding({ id: `${index}\r\nx-evil: 1`, clientId }),
        reasonForNonComplianceCode: 'A\r\nx-evil: 1',
      },
    ]);
    const { record } = await publishFindings({
      mitigation: toWebhook(url),
      findings,
      secret: SECRET,
    });
    expect(record.taskStatus).toBe('COMPLETED');
    expect(requests).toHaveLength(findings.length);
    requests.forEach(({ headers, rawHeaders, body }, index) => {
      expect(rawHeaders.some((text) => /evil/i.test(text))).toBe(false);
      expect(isSigned(String(headers['x-doppelfleet-signature']), body)).toBe(true);
      expect(JSON.parse(body).finding).toEqual(findings[index]);
    });
  });

  test('a finding that is too large loses its oldest related resources, and says so', async () => {
    const { url, requests } = await httpReceiver(status(200));
    const related = Array.from({ length: 5000 }, (_, index) => ({
      resourceType: 'CLIENT_ID' as const,
      resourceIdentifier: { clientId: `client-${index}-${'x'.repeat(80)}` },
    }));
    await publishFindings({ mitigation: toWebhook(url), findings: [finding({ related })] });
    const [request] = requests as [ReceivedRequest];
    expect(Buffer.byteLength(request.body)).toBeLessThanOrEqual(256 * 1024);
    const { finding: sent, doppelfleet } = JSON.parse(request.body);
    const listed = sent.relatedResources.length;
    expect(sent.relatedResources).toEqual(related.slice(0, listed));
    expect(doppelfleet.cut).toEqual({ relatedResources: { listed, of: 5000 } });
    expect(Buffer.byteLength(request.body)).toBeGreaterThan(254 * 1024);
  });
});

test('a file gets one line per finding, with the signed text as it would be sent', async () => {
  const folder = await temporaryFolder();
  const mitigation = mitigationWith(
    { log: '{ doppelfleetPublishParams: { file: { path: out.ndjson } } }' },
    'DEVICE_CERTIFICATE_SHARED_CHECK: [log]',
    '',
    join(folder, 'actions.yaml'),
  );
  const findings = [finding({ id: 'f1', clientId: 'line\r\nbreak' }), finding({ id: 'f2' })];
  await publishFindings({ mitigation, findings, secret: SECRET });
  const file = join(folder, 'out.ndjson');
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  const read = lines.map((line) => JSON.parse(line));
  expect(read.map(({ payload }) => JSON.parse(payload).finding)).toEqual(findings);
  for (const { signature, payload } of read) expect(isSigned(signature, payload)).toBe(true);
  expect((await stat(file)).mode & 0o077).toBe(0);
});
