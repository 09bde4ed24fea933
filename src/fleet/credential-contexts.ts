/**
 * TLS contexts that hold a device's certificate and key. A context (OpenSSL's SSL_CTX) takes 34 KiB
 * and 0.2 ms of CPU, but a connection keeps references of its own to the certificate and the key
 * that its context has when it is made (SSL_new). So all devices of an endpoint take turns on one.
 *
 * It is done with `setCert` and `setKey`, which Node's own createSecureContext calls but which are
 * not documented: where they are missing, every certificate has a context to itself.
 */
import { createSecureContext, type SecureContext } from 'node:tls';
import type { BrokerEndpoint } from '../broker/adapter.ts';
import type { Credential } from '../identity/types.ts';
import type { ConnectRequest } from './connector.ts';

/**
 * X25519 alone goes out with the first message, the others on request (RFC 8446 §4.1.4): Node 24
 * would make an ML-KEM key for every connection as well, which no broker of today takes up.
 */
const GROUPS = 'X25519:P-256:P-384:P-521';

/**
 * A context has one place for each type of key and offers all that are filled, so that devices
 * share it with their own type only, and with their own intermediate authority. DER of the object
 * identifiers in PKCS#8 (RFC 5208 §5), hex.
 */
const KEY_TYPES = { ec: '06072a8648ce3d0201', rsa: '06092a864886f70d010101' } as const;
/** Base64 of PKCS#8 up to the end of the longer identifier, whatever the key's length. */
const PKCS8_HEAD = /^-+BEGIN PRIVATE[ ]KEY-+\s+([A-Za-z0-9+/]{36})/m;

const CERTIFICATE_END = '-----END CERTIFICATE-----';

interface NativeContext {
  setCert(pem: string): void;
  setKey(pem: string): void;
}

type Needed = Pick<ConnectRequest, 'credential' | 'endpoint' | 'mqtt'>;

export class CredentialContexts {
  readonly #contexts = new WeakMap<BrokerEndpoint, Map<string, SecureContext>>();

  /**
   * A context that holds the certificate and key until the next call: make the connection at once.
   * Throws, with OpenSSL's code, if it takes one of them not or if they don't belong together.
   */
  holding({ credential, endpoint, mqtt }: Needed): SecureContext {
    const known = this.#contexts.get(endpoint) ?? new Map<string, SecureContext>();
    this.#contexts.set(endpoint, known);
    const { certificatePem, privateKeyPem } = credential;
    const type = sharedKeyType(privateKeyPem);
    const end = certificatePem.indexOf(CERTIFICATE_END) + CERTIFICATE_END.length;
    if (type !== undefined && end >= CERTIFICATE_END.length) {
      // OpenSSL keeps the certificates behind the first one until others are added to them.
      const name = `${mqtt.tls} ${type} ${certificatePem.slice(end).trim()}`;
      const old = known.get(name);
      const context = old ?? newContext({ endpoint, mqtt });
      const native = nativeContext(context);
      if (native !== undefined) {
        // After a credential that fails, the context may hold half of it: it is not used again.
        known.delete(name);
        native.setCert(old === undefined ? certificatePem : certificatePem.slice(0, end));
        native.setKey(privateKeyPem);
        known.set(name, context);
        return context;
      }
    }
    const name = `${mqtt.tls} ${credential.certificateId}`;
    const own = known.get(name) ?? newContext({ endpoint, mqtt, credential });
    known.set(name, own);
    return own;
  }
}

function newContext({
  endpoint,
  mqtt,
  credential,
}: Omit<Needed, 'credential'> & { readonly credential?: Credential }): SecureContext {
  const version = mqtt.tls === '1.3' ? 'TLSv1.3' : 'TLSv1.2';
  return createSecureContext({
    ...(credential && { cert: credential.certificatePem, key: credential.privateKeyPem }),
    ca: endpoint.caPem,
    ecdhCurve: GROUPS,
    minVersion: version,
    maxVersion: version,
  });
}

function nativeContext({ context }: SecureContext): NativeContext | undefined {
  const { setCert, setKey } = (context ?? {}) as Partial<NativeContext>;
  const isThere = typeof setCert === 'function' && typeof setKey === 'function';
  return isThere ? (context as NativeContext) : undefined;
}

/** Undefined for keys of other kinds, whose devices don't share. */
function sharedKeyType(privateKeyPem: string): keyof typeof KEY_TYPES | undefined {
  const head = PKCS8_HEAD.exec(privateKeyPem)?.[1];
  if (head === undefined) return undefined;
  const der = Buffer.from(head, 'base64').toString('hex');
  if (der.includes(KEY_TYPES.ec)) return 'ec';
  return der.includes(KEY_TYPES.rsa) ? 'rsa' : undefined;
}
