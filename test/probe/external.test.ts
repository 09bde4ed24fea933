/** Probing a broker elsewhere, as a user does: two identities, behind the safety rails. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { embeddedBroker } from '../../src/broker/embedded/adapter.ts';
import { TestAuthority } from '../support/broker-certificates.ts';
import { BrokerUnderTest } from '../support/broker-harness.ts';
import { runCli } from '../support/fake-environment.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let authority: TestAuthority;
let subject: BrokerUnderTest;

beforeAll(async () => {
  authority = new TestAuthority();
  const { start } = embeddedBroker;
  subject = await BrokerUnderTest.start({ start, authority, server: authority.server() });
});
afterAll(async () => {
  await subject.end();
  authority.remove();
});

/** The options that name the CA and two identities, as files. */
async function identities(): Promise<readonly string[]> {
  const folder = await temporaryFolder();
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const options = ['--ca', await file('ca.pem', authority.caPem)];
  for (const name of ['first', 'second']) {
    const { certificatePem, privateKeyPem } = authority.device(name);
    options.push('--cert', await file(`${name}.pem`, certificatePem));
    options.push('--key', await file(`${name}.key`, privateKeyPem));
  }
  return options;
}

function url(): string {
  const { host, port } = subject.broker.endpoint;
  return `mqtts://${host}:${port}`;
}

describe('a broker elsewhere', () => {
  test('is measured from outside, and what can’t be seen from there is left open', async () => {
    const argv = ['probe', url(), ...(await identities()), '--json', '--quiet'];
    const { code, stdout, stderr } = await runCli(argv);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const { capabilities } = JSON.parse(stdout);
    const measured = Object.fromEntries(
      capabilities
        .filter((one: { measured?: unknown }) => one.measured !== undefined)
        .map((one: { id: string; measured: unknown }) => [one.id, one.measured]),
    );
    expect(measured).toEqual({
      protocolVersions: [3, 4, 5],
      sendsSessionTakenOver: true,
      takeoverWinner: 'newcomer',
      bindsSessionToCertificate: false,
      bindsClientId: false,
      flappingGuard: false,
      resumesWithoutCertificate: false,
    });
  });

  test('that is not what its profile says differs; what can’t be seen is no agreement', async () => {
    const argv = ['probe', url(), ...(await identities()), '--profile', 'azure-event-grid'];
    const { code, stdout } = await runCli([...argv, '--quiet']);
    expect(code).toBe(1);
    expect(stdout).toContain('profile azure-event-grid');
    expect(stdout.match(/✖ differs/g)?.length).toBe(2);
    expect(stdout).toContain('2 differ');
    expect(stdout).toContain('could not be measured');
  });

  test('needs to be allowed before the first packet', async () => {
    const argv = ['probe', 'mqtts://staging.example', ...(await identities())];
    const { code, stderr } = await runCli(argv);
    expect(code).toBe(64);
    expect(stderr).toContain('staging.example:8883 is not this machine');
  });

  test.each([
    [['probe', 'mqtts://localhost:1'], 64, ['needs two identities']],
    [
      ['probe', 'mqtts://localhost:1', '--configuration', 'x'],
      64,
      ['is not configured from here', 'needs two identities'],
    ],
    [['probe', 'embedded', '--cert', 'a', '--key', 'b'], 64, ['belong to an external broker']],
    [['probe', 'embedded', '--profile', 'emqx'], 64, ['--profile belongs to an external broker']],
    [['probe', 'moskito'], 64, ['unknown broker']],
    [['probe', 'embedded', '--configuration', '/nowhere/x.yaml'], 65, ['/nowhere/x.yaml']],
    [
      ['run', 'control-fleet', '--broker', 'mqtts://localhost:1', '--profile', 'emq'],
      64,
      ['needs --ca', 'did you mean emqx?'],
    ],
    [
      ['run', 'control-fleet', '--broker', 'mqtts://localhost:1', '--evidence-topic', 'a'],
      64,
      ['needs --ca', 'needs --evidence-certificate', 'needs --profile'],
    ],
  ])('%j is refused with every reason at once', async (argv, exit, reasons) => {
    const { code, stderr, stdout } = await runCli(argv);
    for (const reason of reasons) expect(stderr).toContain(reason);
    expect(code).toBe(exit);
    expect(stdout).toBe('');
  });

  test('whose key does not fit is refused without a word of the key', async () => {
    const [ca = '', caFile = '', cert = '', first = '', key = '', firstKey = '', ...second] =
      await identities();
    const swapped = [ca, caFile, cert, first, key, second[3] ?? '', ...second];
    const { code, stderr } = await runCli(['probe', url(), ...swapped]);
    expect(code).toBe(65);
    expect(stderr).toContain('the key does not belong to the certificate');
    expect(stderr).not.toContain('PRIVATE KEY-----');
    expect(firstKey).not.toBe('');
  });
});
