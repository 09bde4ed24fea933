/**
 * Devices take turns on a TLS context: each must show its own certificate, however they come.
 */
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startMosquitto } from '../../src/broker/mosquitto/adapter.ts';
import { mqttConnector } from '../../src/fleet/mqtt-connector.ts';
import { realClock } from '../../src/fleet/real-clock.ts';
import type { ObservedEvent } from '../../src/history/event.ts';
import {
  type Authority,
  loadToolkit,
  mintAuthority,
  type PemPair,
  readAuthority,
} from '../../src/identity/authority.ts';
import { issueCertificate } from '../../src/identity/issue.ts';
import type { Credential } from '../../src/identity/types.ts';
import { openssl, tempFolder, writeFiles } from '../identity/helpers.ts';
import { requireProgram } from '../support/programs.ts';
import { authority, issueDevice, open, tlsOf } from './connector-harness.ts';
import { startServer } from './mqtt-server.ts';

const mosquitto = requireProgram('mosquitto');
const program = requireProgram('openssl');
const rsa = ['rsa-1', 'rsa-2'].map((name) => issueDevice(authority, name, 'RSA-2048'));
const shared = issueDevice(authority, 'shared');

/** With its key in the form of RFC 5915, which doesn't share a context. */
function inSec1(credential: Credential): Credential {
  const key = createPrivateKey(credential.privateKeyPem);
  return { ...credential, privateKeyPem: key.export({ type: 'sec1', format: 'pem' }).toString() };
}

/** Unique, shared, RSA and P-384 certificates by turns; TLS 1.2 and 1.3 as well. */
function burst(count: number): { readonly credential: Credential; readonly tls: '1.2' | '1.3' }[] {
  return Array.from({ length: count }, (_, index) => {
    const credential =
      index % 5 === 4
        ? shared
        : (rsa[index - 7] ??
          issueDevice(authority, `own-${index}`, index % 11 === 3 ? 'P-384' : 'P-256'));
    const form = index % 12 === 6 ? inSec1(credential) : credential;
    return { credential: form, tls: index % 3 === 0 ? '1.2' : '1.3' };
  });
}

/** Its key is another device's. */
function mismatched(from: Credential): Credential {
  const { privateKeyPem } = issueDevice(authority, 'other');
  return { ...from, privateKeyPem };
}

async function startBroker(deviceCaPem = authority.trustPem) {
  const workFolder = mkdtempSync(path.join(tmpdir(), 'doppelfleet-contexts-'));
  const seen: ObservedEvent[] = [];
  const { cert, key, ca } = tlsOf();
  const broker = await startMosquitto({
    clock: realClock,
    workFolder,
    server: { certificatePem: String(cert), privateKeyPem: String(key), caPem: String(ca) },
    deviceCaPem,
    onEvent: (event) => seen.push(event),
    onFailure: (message) => expect.fail(message),
  });
  onTestFinished(async () => {
    await broker.stop();
    rmSync(workFolder, { recursive: true, force: true });
  });
  const connects = async () => {
    await broker.drainEvidence();
    return seen.filter(({ kind }) => kind === 'connected');
  };
  return { port: broker.endpoint.port, connects };
}

describe('devices that connect in one burst', () => {
  test.skipIf(!mosquitto.available)(
    `each show Mosquitto exactly their own certificate${mosquitto.note}`,
    async () => {
      const broker = await startBroker();
      const connector = await mqttConnector(realClock);
      const devices = burst(50);
      const opened = devices.map(({ credential, tls }, index) =>
        open(connector, broker.port, { credential, clientId: `d-${index}`, mqtt: { tls } }),
      );
      const news = await Promise.all(opened.map(({ heard }) => heard.until('connected', 'failed')));
      expect(news.map(({ kind }) => kind)).toEqual(devices.map(() => 'connected'));
      const connects = await broker.connects();
      const shown = new Map(
        connects.map(({ clientId, principal }) => [clientId, principal?.value]),
      );
      const expected = devices.map(({ credential }, index) => [`d-${index}`, credential.thingName]);
      expect(connects).toHaveLength(devices.length);
      expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(expected));
    },
  );

  test('each show exactly their own certificate, and a wrong key is its device’s alone', async () => {
    const server = await startServer(tlsOf());
    const connector = await mqttConnector(realClock);
    const devices = burst(24).map((device, index) => {
      const isWrong = index % 6 === 1;
      const { credential } = device;
      return { ...device, isWrong, credential: isWrong ? mismatched(credential) : credential };
    });
    const opened = devices.map(({ credential, tls, isWrong }) => ({
      credential,
      isWrong,
      ...open(connector, server.port, { credential, mqtt: { tls } }),
    }));
    const news = await Promise.all(opened.map(({ heard }) => heard.until('connected', 'failed')));
    const expected = new Map<number | undefined, string>();
    for (const [index, { credential, isWrong }] of opened.entries()) {
      const heard = isWrong
        ? { kind: 'failed', reason: 'auth-error', raw: expect.stringMatching(/MISMATCH/) }
        : { kind: 'connected' };
      expect(news[index]).toMatchObject(heard);
      if (!isWrong) expected.set(news[index]?.port, credential.certificateId);
    }
    const shown = new Map<number | undefined, string | undefined>();
    for (let session = 0; session < devices.length; session++) {
      const { socket } = await server.next();
      const fingerprint = socket.getPeerX509Certificate()?.fingerprint256;
      const id = fingerprint?.replaceAll(':', '').toLowerCase();
      if (id !== undefined) shown.set(socket.remotePort, id);
    }
    expect(shown).toEqual(expected);
  });
});

/** An authority whose certificate another one has signed, with its root behind it. */
async function intermediate(root: PemPair): Promise<Authority> {
  const folder = tempFolder();
  const tools = await loadToolkit();
  const { privateKeyPem } = await mintAuthority(tools, { now: Date.now() });
  const [rootFile = '', rootKey = '', keyFile = '', extensions = ''] = writeFiles(folder, {
    'root.pem': root.certificatePem,
    'root.key': root.privateKeyPem,
    'inter.key': privateKeyPem,
    'ext.cnf': 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n',
  });
  const csr = openssl(['req', '-new', '-key', keyFile, '-subj', '/CN=inter']);
  const signer = ['-CA', rootFile, '-CAkey', rootKey, '-CAcreateserial'];
  const own = openssl(['x509', '-req', ...signer, '-days', '20', '-extfile', extensions], csr);
  const certificatePem = own + root.certificatePem;
  const names = { certificateFile: 'inter', keyFile: 'inter key' };
  const read = readAuthority(tools, { certificatePem, privateKeyPem, ...names });
  if ('length' in read) throw new Error(JSON.stringify(read));
  return read;
}

test.skipIf(!mosquitto.available || !program.available)(
  `intermediate certificates go with the devices that bring them${mosquitto.note}${program.note}`,
  async () => {
    const root = await mintAuthority(await loadToolkit(), { now: Date.now() });
    const [one, two] = [await intermediate(root), await intermediate(root)];
    const broker = await startBroker(root.certificatePem);
    const connector = await mqttConnector(realClock);
    const issue = (from: Authority, name: string): Credential =>
      issueCertificate(from, { name, thingName: name, keyType: 'P-256' }, { now: Date.now() });
    const devices = ['a', 'b', 'c'].flatMap((name) => {
      const bare = issue(one, `${name}-bare`);
      const [certificatePem = ''] = bare.certificatePem.split(/(?<=END CERTIFICATE-----)/);
      return [
        { credential: issue(one, `${name}-1`), kind: 'connected' },
        { credential: { ...bare, certificatePem }, kind: 'failed' },
        { credential: issue(two, `${name}-2`), kind: 'connected' },
      ];
    });
    const opened = devices.map(({ credential }) =>
      open(connector, broker.port, { credential, clientId: credential.name }),
    );
    const news = await Promise.all(opened.map(({ heard }) => heard.until('connected', 'failed')));
    expect(news.map(({ kind }) => kind)).toEqual(devices.map(({ kind }) => kind));
    const shown = (await broker.connects()).map(({ principal }) => principal?.value);
    expect(shown.toSorted()).toEqual(['a-1', 'a-2', 'b-1', 'b-2', 'c-1', 'c-2']);
  },
);

test.skipIf(!mosquitto.available)(
  `a device connects from the address it is given${mosquitto.note}`,
  async () => {
    const broker = await startBroker();
    const connector = await mqttConnector(realClock);
    const { heard } = open(connector, broker.port, { localAddress: '127.0.0.2' });
    expect(await heard.until('connected', 'failed')).toMatchObject({ kind: 'connected' });
    expect(await broker.connects()).toMatchObject([{ ip: '127.0.0.2' }]);
  },
);
