/**
 * TLS as a device speaks it: one version, a certificate of its own, and a server that must prove
 * its name. What every handshake would pay for anew is kept: the context, and whether the server's
 * certificate carries the name.
 */
import { isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect, type DetailedPeerCertificate, TLSSocket } from 'node:tls';
import type { ConnectRequest } from './connector.ts';
import { CredentialContexts } from './credential-contexts.ts';

/** Opens TLS for any number of devices; lives as long as its connector. */
export class DeviceTls {
  readonly #contexts = new CredentialContexts();
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
      secureContext: this.#contexts.holding(request),
      // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
      rejectUnauthorized: true,
      checkServerIdentity: () => this.#nameProblem(stream, name),
    });
    // Node would turn the whole chain into objects for the check, a tenth of a handshake's CPU.
    stream.getPeerCertificate = noCertificate;
    return stream;
  }

  /** Node's own check, asked once for the same certificate and name; its chain is verified by then. */
  #nameProblem(stream: TLSSocket, name: string): Error | undefined {
    // Not getPeerX509Certificate: of a chain with an issuer, Node 24 leaks 5 KiB a call.
    const certificate = TLSSocket.prototype.getPeerCertificate.call(stream, false);
    const { fingerprint256 } = certificate as Partial<typeof certificate>;
    if (fingerprint256 === undefined) return new Error('the server showed no certificate');
    const question = `${fingerprint256} ${name}`;
    if (this.#checked?.question !== question) {
      this.#checked = { question, answer: checkServerIdentity(name, certificate) };
    }
    return this.#checked.answer;
  }
}

function noCertificate(): DetailedPeerCertificate {
  return {} as DetailedPeerCertificate;
}
