/**
 * TLS as a device speaks it: one version, a certificate of its own, and a server that must prove
 * its name. Two answers are kept because every handshake would pay for them anew: the context of a
 * certificate (0.2 ms of CPU), and whether the server's certificate carries the name.
 */
import { isIP, type Socket } from 'node:net';
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  type DetailedPeerCertificate,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import type { BrokerEndpoint } from '../broker/adapter.ts';
import type { ConnectRequest } from './connector.ts';

/**
 * X25519 alone goes out with the first message, the others on request (RFC 8446 §4.1.4): Node 24
 * would make an ML-KEM key for every connection as well, which no broker of today takes up.
 */
const GROUPS = 'X25519:P-256:P-384:P-521';

/** Opens TLS for any number of devices; lives as long as its connector. */
export class DeviceTls {
  readonly #contexts = new WeakMap<BrokerEndpoint, Map<string, SecureContext>>();
  /** The name check that was made last; a broker has one certificate, seldom more. */
  #checked: { readonly question: string; readonly answer: Error | undefined } | undefined;

  /** Starts the handshake on a socket that is connected. Throws for a key OpenSSL won't take. */
  open(socket: Socket, request: ConnectRequest): TLSSocket {
    const { host, serverName, alpnProtocols } = request.endpoint;
    const name = serverName ?? host;
    const stream: TLSSocket = connect({
      socket,
      host: name,
      // SNI carries no addresses (RFC 6066 §3).
      ...(isIP(name) === 0 ? { servername: name } : {}),
      ...(alpnProtocols === undefined ? {} : { ALPNProtocols: [...alpnProtocols] }),
      secureContext: this.#context(request),
      // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
      rejectUnauthorized: true,
      checkServerIdentity: () => this.#nameProblem(stream, name),
    });
    // Node would turn the whole chain into objects for the check, a tenth of a handshake's CPU.
    stream.getPeerCertificate = () => ({}) as DetailedPeerCertificate;
    return stream;
  }

  #context({ credential, endpoint, mqtt }: ConnectRequest): SecureContext {
    const known = this.#contexts.get(endpoint) ?? new Map<string, SecureContext>();
    this.#contexts.set(endpoint, known);
    const key = `${mqtt.tls} ${credential.certificateId}`;
    let context = known.get(key);
    if (context === undefined) {
      const version = mqtt.tls === '1.3' ? 'TLSv1.3' : 'TLSv1.2';
      context = createSecureContext({
        cert: credential.certificatePem,
        key: credential.privateKeyPem,
        ca: endpoint.caPem,
        ecdhCurve: GROUPS,
        minVersion: version,
        maxVersion: version,
      });
      known.set(key, context);
    }
    return context;
  }

  /** Node's own check, asked once for the same certificate and name; its chain is verified by then. */
  #nameProblem(stream: TLSSocket, name: string): Error | undefined {
    const certificate = stream.getPeerX509Certificate();
    if (certificate === undefined) return new Error('the server showed no certificate');
    const question = `${certificate.fingerprint256} ${name}`;
    if (this.#checked?.question !== question) {
      const answer = checkServerIdentity(name, certificate.toLegacyObject());
      this.#checked = { question, answer };
    }
    return this.#checked.answer;
  }
}
