/**
 * Certificates for broker tests, minted by the openssl program so that the tests of brokers do not
 * depend on our own minting. Everything lives in one temporary folder per authority.
 */
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Skipped or failed with `requireProgram('openssl')` where it is missing. */
const OPENSSL = 'openssl';

export interface TestCredential {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly certificateId: string;
}

export class TestAuthority {
  readonly caPem: string;
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'doppelfleet-certificates-'));
  #count = 0;

  constructor(name = 'Test fleet CA') {
    this.#key('ca');
    this.#openssl('req', '-x509', '-new', '-key', 'ca.key', '-days', '2', '-out', 'ca.pem', [
      '-subj',
      `/CN=${name}`,
    ]);
    this.caPem = this.#read('ca.pem');
  }

  server(): TestCredential {
    const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1';
    return this.#issue('/CN=localhost', `extendedKeyUsage=serverAuth\n${names}`);
  }

  device(commonName: string): TestCredential {
    return this.subject(`/CN=${escapeSubject(commonName)}`);
  }

  /** A device's certificate with any subject, in the notation of openssl's command line. */
  subject(subject: string): TestCredential {
    return this.#issue(subject, 'extendedKeyUsage=clientAuth');
  }

  /** With the names that our own store gives to a device: subject and alternative name. */
  minted(name: string): TestCredential {
    const names = `extendedKeyUsage=clientAuth\nsubjectAltName=DNS:${name}`;
    return this.#issue(`/O=doppelfleet/CN=${escapeSubject(name)}`, names);
  }

  /**
   * PEM of a revocation list with these certificates, valid for `days`; 0 makes one that has
   * expired by the time it is read.
   */
  crl(revoked: readonly TestCredential[], days = 2): string {
    this.#count += 1;
    const name = `crl-${this.#count}`;
    const entries = revoked.map(({ certificatePem }) => {
      const { serialNumber } = new X509Certificate(certificatePem);
      return `R\t491231235959Z\t240101000000Z\t${serialNumber}\tunknown\t/CN=revoked\n`;
    });
    const file = (end: string): string => path.join(this.#folder, `${name}.${end}`);
    writeFileSync(file('txt'), entries.join(''));
    const database = `database = ${name}.txt`;
    writeFileSync(file('cnf'), `[ca]\ndefault_ca = one\n[one]\n${database}\ndefault_md = sha256\n`);
    const lifetime = days === 0 ? ['-crlsec', '1'] : ['-crldays', String(days)];
    this.#openssl('ca', '-gencrl', '-config', `${name}.cnf`, '-keyfile', 'ca.key', [
      ...['-cert', 'ca.pem', '-out', `${name}.pem`],
      ...lifetime,
    ]);
    return this.#read(`${name}.pem`);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #issue(subject: string, extensions: string): TestCredential {
    this.#count += 1;
    const name = `leaf-${this.#count}`;
    this.#key(name);
    this.#openssl('req', '-new', '-utf8', '-key', `${name}.key`, '-out', `${name}.csr`, [
      '-subj',
      subject,
    ]);
    writeFileSync(path.join(this.#folder, `${name}.ext`), `${extensions}\n`);
    const signer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
    this.#openssl('x509', '-req', '-in', `${name}.csr`, '-extfile', `${name}.ext`, [
      ...signer,
      '-out',
      `${name}.pem`,
    ]);
    const certificatePem = this.#read(`${name}.pem`);
    const der = new X509Certificate(certificatePem).raw;
    return {
      certificatePem,
      privateKeyPem: this.#read(`${name}.key`),
      certificateId: createHash('sha256').update(der).digest('hex'),
    };
  }

  #key(name: string): void {
    this.#openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${name}.key`, []);
  }

  #openssl(...parts: readonly (string | readonly string[])[]): void {
    execFileSync(OPENSSL, parts.flat(), { cwd: this.#folder, stdio: 'pipe' });
  }

  #read(name: string): string {
    return readFileSync(path.join(this.#folder, name), 'utf8');
  }
}

/** `/` and `+` separate the parts of a subject. */
function escapeSubject(value: string): string {
  return value.replace(/[/+\\]/g, '\\$&');
}
