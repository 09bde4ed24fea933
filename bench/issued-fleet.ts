/** An authority, its broker's certificate, and devices' own: made once, for any number of drives. */
import { newAuthority } from '../src/identity/authority.ts';
import { issueCertificate, issueServerCertificate } from '../src/identity/issue.ts';
import { serverHosts } from '../src/identity/names.ts';
import type { Credential } from '../src/identity/types.ts';

/** Plain data, so that it can go to another process. */
export interface IssuedFleet {
  /** Whom the devices and the broker trust. */
  readonly trustPem: string;
  readonly server: { readonly certificatePem: string; readonly privateKeyPem: string };
  readonly credentials: readonly Credential[];
}

/** A P-256 certificate for every name. */
export async function issueFleet(names: readonly string[]): Promise<IssuedFleet> {
  const now = Date.now();
  const authority = await newAuthority({ now });
  const server = issueServerCertificate(
    authority,
    { name: 'server', hosts: serverHosts([]), keyType: 'P-256' },
    { now },
  );
  const { certificatePem, privateKeyPem } = server;
  return {
    trustPem: authority.trustPem,
    server: { certificatePem, privateKeyPem },
    credentials: names.map((name) => {
      const { validity: _, ...credential } = issueCertificate(
        authority,
        { name, thingName: name, keyType: 'P-256' },
        { now },
      );
      return credential;
    }),
  };
}

/** Names of the certificates of a group's devices, as a plan gives them: `sensors-1` and so on. */
export function memberNames(group: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${group}-${index + 1}`);
}
