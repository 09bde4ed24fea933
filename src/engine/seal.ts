/**
 * What two ends of a link say is for them alone: both make a key pair for the run (X25519, RFC 7748),
 * agree on keys (HKDF-SHA-256, RFC 5869) and seal every message with AES-256-GCM. Redis sees neither
 * a private key nor a plan. A secret that both know besides shuts out even those who rule Redis.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/** Whose link it is; both ends must mean the same one. */
export interface SealContext {
  readonly protocol: number;
  readonly run: string;
  readonly shard: number;
  readonly attempt: string;
}

/** What is sealed with a message: it can't be put in the place of another. */
export type SealLabel = readonly [kind: string, sequence: number];

/** Seals for one way and opens of the other. `open` throws when a message is not what was sealed. */
export interface Seal {
  seal(label: SealLabel, plain: Buffer): Buffer;
  open(label: SealLabel, sealed: Buffer): Buffer;
}

/** One end's keys; the private one never leaves this object. */
export class EphemeralKeys {
  readonly #privateKey: KeyObject;
  /** Base64url of the 32 bytes. */
  readonly publicKey: string;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('x25519');
    this.#privateKey = privateKey;
    this.publicKey = publicKey.export({ format: 'jwk' }).x ?? '';
  }

  /** Throws when `theirs` is no usable key. `side` is ours. */
  agree(
    theirs: string,
    side: 'commander' | 'worker',
    context: SealContext,
    secret: string | undefined,
  ): Seal {
    const shared = diffieHellman({
      privateKey: this.#privateKey,
      publicKey: createPublicKey({
        key: { kty: 'OKP', crv: 'X25519', x: theirs },
        format: 'jwk',
      }),
    });
    const [commander, worker] =
      side === 'commander' ? [this.publicKey, theirs] : [theirs, this.publicKey];
    const { protocol, run, shard, attempt } = context;
    const info = JSON.stringify(['doppelfleet', protocol, run, shard, attempt, commander, worker]);
    const salt = createHash('sha256')
      .update(secret ?? '')
      .digest();
    const keys = Buffer.from(hkdfSync('sha256', shared, salt, info, 2 * KEY_BYTES));
    const down = keys.subarray(0, KEY_BYTES);
    const up = keys.subarray(KEY_BYTES);
    return side === 'commander' ? sealWith(down, up, info) : sealWith(up, down, info);
  }
}

function sealWith(ours: Buffer, theirs: Buffer, info: string): Seal {
  const about = ([kind, sequence]: SealLabel): Buffer =>
    Buffer.from(JSON.stringify([info, kind, sequence]));
  return {
    seal(label, plain) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', ours, nonce).setAAD(about(label));
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    open(label, sealed) {
      if (sealed.length < NONCE_BYTES + TAG_BYTES) throw new Error('a sealed message is too short');
      const nonce = sealed.subarray(0, NONCE_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', theirs, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(about(label)).setAuthTag(sealed.subarray(-TAG_BYTES));
      const body = sealed.subarray(NONCE_BYTES, -TAG_BYTES);
      return Buffer.concat([decipher.update(body), decipher.final()]);
    },
  };
}
