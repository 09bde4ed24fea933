/**
 * Issues certificates to devices and servers: synchronous once an authority is ready, because ten
 * thousand of them are wanted in seconds. Key pairs that are slow to make may be handed in.
 */
import { EXIT, type Problem, UserError } from '../core/errors.ts';
import { DAY_MS, type EpochMs } from '../core/time.ts';
import type { Asn1Node } from './asn1.ts';
import { type Authority, CLOCK_SKEW_MS, issuingProblem } from './authority.ts';
import {
  certificateIdOf,
  keyIdentifier,
  randomSerial,
  signCertificate,
  type Validity,
  validityOf,
} from './certificate.ts';
import type { KeyPair } from './keys.ts';
import { type ServerHosts, thingNameProblem } from './names.ts';
import { encodePem } from './pem.ts';
import type { CertificateRequest, Credential, KeyType } from './types.ts';

const LIFETIME_MS = 365 * DAY_MS;

/** When, for how long and with which key a certificate is issued. */
export interface IssueOptions {
  readonly now: EpochMs;
  /** One year by default, but not beyond the authority's own end. Taken as it is when given. */
  readonly validity?: Validity;
  /** A key pair of the requested type; made on the spot by default. */
  readonly keys?: KeyPair;
}

/** A certificate together with the validity that it states. */
export interface IssuedCredential extends Credential {
  readonly validity: Validity;
}

/** A device certificate with its key. Throws `UserError` for an unfit thing name or authority. */
export function issueCertificate(
  authority: Authority,
  request: CertificateRequest,
  options: IssueOptions,
): IssuedCredential {
  const { thingName, keyType } = request;
  const problem = thingNameProblem(thingName);
  if (problem !== undefined) throw new UserError(EXIT.invalidInput, problem);
  const { profile } = authority.tools;
  return issue(authority, request, options, [
    ...profile.fixedExtensions('device', keyType),
    profile.thingAltName(thingName),
  ]);
}

/** A server certificate for `hosts`; its common name is the first of them that fits into one. */
export function issueServerCertificate(
  authority: Authority,
  request: { readonly name: string; readonly hosts: ServerHosts; readonly keyType: KeyType },
  options: IssueOptions,
): IssuedCredential {
  const { name, hosts, keyType } = request;
  const { profile } = authority.tools;
  const thingName = hosts.dns.find((host) => host.length <= 64) ?? 'localhost';
  return issue(authority, { name, thingName, keyType }, options, [
    ...profile.fixedExtensions('server', keyType),
    profile.hostAltNames(hosts),
  ]);
}

/** Validity of a certificate issued at `now`: `lifetimeMs` long, inside the authority's. */
export function defaultValidity(
  authority: Authority,
  now: EpochMs,
  lifetimeMs = LIFETIME_MS,
): Validity {
  return validityOf(
    Math.max(now - CLOCK_SKEW_MS, authority.validity.notBefore),
    Math.min(now + lifetimeMs, authority.validity.notAfter),
  );
}

function issue(
  authority: Authority,
  request: CertificateRequest,
  options: IssueOptions,
  extensions: readonly Asn1Node[],
): IssuedCredential {
  const refused: Problem | undefined = issuingProblem(authority, options.now);
  if (refused !== undefined) throw new UserError(EXIT.invalidInput, refused);
  const { tools, issuer, chainPem } = authority;
  const { name, thingName, keyType } = request;
  const keys = options.keys ?? tools.keys.generate(keyType);
  const serial = randomSerial();
  const validity = options.validity ?? defaultValidity(authority, options.now);
  const der = signCertificate(tools, issuer, {
    subject: tools.profile.subject(thingName),
    keys,
    keyId: keyIdentifier(keys.publicKeyBits),
    validity,
    serial,
    extensions,
  });
  return {
    name,
    thingName,
    certificateId: certificateIdOf(der),
    serialNumber: serial.toString('hex'),
    certificatePem: encodePem('CERTIFICATE', der) + chainPem,
    privateKeyPem: encodePem('PRIVATE KEY', keys.privateKeyDer),
    validity,
  };
}
