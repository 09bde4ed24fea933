/** Mints device certificates in bulk, leaving room for signals and other work between slices. */
import { setImmediate as breathe } from 'node:timers/promises';
import { EXIT, UserError } from '../core/errors.ts';
import type { EpochMs } from '../core/time.ts';
import { type Authority, issuingProblem } from './authority.ts';
import type { StoredDevice } from './commit.ts';
import { defaultValidity, issueCertificate } from './issue.ts';
import { leafPem } from './pem.ts';
import type { CertificateRequest, Credential } from './types.ts';

/** When and for how long, and who is told. */
export interface MintOptions {
  readonly now: EpochMs;
  readonly lifetimeMs?: number;
  readonly signal?: AbortSignal;
  /** Called with the number of certificates made so far. */
  readonly onMinted: (count: number) => void;
}

/** A new credential, and what goes into the store. */
export interface MintedDevice {
  readonly credential: Credential;
  readonly stored: StoredDevice;
}

/** RSA keys are made side by side on the thread pool, so a slice is as wide as that is. */
const SLICE = { rsa: 4, ec: 64 } as const;

/** Mints all. Throws `UserError` if the authority can't issue, and the signal's reason. */
export async function mintDevices(
  authority: Authority,
  requests: readonly CertificateRequest[],
  { now, lifetimeMs, signal, onMinted }: MintOptions,
): Promise<readonly MintedDevice[]> {
  const refused = issuingProblem(authority, now);
  if (refused !== undefined) throw new UserError(EXIT.invalidInput, refused);
  const validity = defaultValidity(authority, now, lifetimeMs);
  const minted: MintedDevice[] = [];
  const size = requests.some(({ keyType }) => keyType.startsWith('RSA')) ? SLICE.rsa : SLICE.ec;
  for (const slice of slices(requests, size)) {
    const { generateAsync } = authority.tools.keys;
    const pairs = await Promise.all(slice.map(({ keyType }) => generateAsync(keyType)));
    for (const [index, request] of slice.entries()) {
      const keys = pairs[index];
      if (keys === undefined) continue;
      const { validity: stated, ...credential } = issueCertificate(authority, request, {
        now,
        validity,
        keys,
      });
      const { certificatePem, privateKeyPem, ...names } = credential;
      const { keyType } = request;
      const entry = { ...names, keyType, ...stated, issuerId: authority.certificateId };
      // The chain stays out of the store: it is the authority's, and may become longer.
      const pair = { certificatePem: leafPem(certificatePem), privateKeyPem };
      minted.push({ credential, stored: { entry, pair } });
    }
    onMinted(minted.length);
    await pauseWork(signal);
  }
  return minted;
}

/** Parts of `items`, in order. */
export function* slices<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}

/** Lets other work run, then throws if the signal was given. */
export async function pauseWork(signal: AbortSignal | undefined): Promise<void> {
  await breathe();
  signal?.throwIfAborted();
}
