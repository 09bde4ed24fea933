/**
 * The TLS side of the embedded broker. The certificate check is our own, after the handshake:
 * leaving it to Node hides who was refused (no address, no certificate) and sends no alert either.
 * A refused device sees the handshake succeed, then close_notify and FIN, and never a CONNACK.
 *
 * TLS session tickets are off unless a configuration wants them: a resumed session carries the
 * identity of a certificate whose key the client may not have.
 */
import { constants, createHash, X509Certificate } from 'node:crypto';
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls';
import { systemCode } from '../../core/errors.ts';
import type { CloseReason } from '../../history/event.ts';
import type { Evidence, Peer } from './evidence.ts';
import type { EmbeddedRules, TlsMaterial } from './messages.ts';
import type { LiveRules } from './rules.ts';

/** A refused device gets this long to close its end before its socket is destroyed. */
const REFUSAL_LINGER_MS = 1000;
const HANDSHAKE_TIMEOUT_MS = 30_000;

export interface ListenerOptions {
  readonly material: TlsMaterial;
  readonly rules: LiveRules;
  readonly evidence: Evidence;
  /** Called for every device that is let in. */
  readonly onDevice: (socket: TLSSocket, peer: Peer) => void;
}

/** A TLS server that hands accepted devices on and reports the refused ones. */
export function createListener(options: ListenerOptions): Server {
  const { evidence, material, rules } = options;
  const listener = createServer({
    ...contextOf(material, rules.current),
    requestCert: true,
    rejectUnauthorized: false,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    noDelay: true,
  });
  listener.on('secureConnection', (socket) => {
    const peer = peerOf(socket);
    if (socket.authorized || !rules.current.requireCertificate) options.onDevice(socket, peer);
    else refuse(socket, peer, evidence);
  });
  listener.on('tlsClientError', (error, socket) => {
    evidence.refused(addressOf(socket), handshakeReason(error), error.message);
    socket.destroy();
  });
  return listener;
}

/**
 * From the next handshake on `material` counts; connections that are open stay. Throws, and leaves
 * everything as it was, if it can't be used.
 */
export function reloadListener(
  listener: Server,
  material: TlsMaterial,
  rules: EmbeddedRules,
): void {
  listener.setSecureContext(contextOf(material, rules));
}

const CRL_BLOCKS = /-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/g;

function contextOf(
  { server, deviceCaPem, crlPem }: TlsMaterial,
  { sessionTickets }: EmbeddedRules,
): SecureContextOptions {
  return {
    cert: server.certificatePem,
    key: server.privateKeyPem,
    ca: deviceCaPem,
    // Of a text with several lists Node would take the first only.
    ...(crlPem === undefined ? {} : { crl: crlPem.match(CRL_BLOCKS) ?? crlPem }),
    minVersion: 'TLSv1.2',
    secureOptions: sessionTickets ? 0 : constants.SSL_OP_NO_TICKET,
  };
}

function refuse(socket: TLSSocket, peer: Peer, evidence: Evidence): void {
  const subject = certificateOf(socket)?.subject.replaceAll('\n', ', ');
  const cause =
    subject === undefined ? 'no certificate' : `${socket.authorizationError} (${subject})`;
  evidence.refused(peer, 'auth-error', `certificate refused: ${cause}`);
  // Read and drop what comes: closing with unread data would turn the FIN into a reset.
  socket.on('error', () => {});
  socket.resume();
  socket.end();
  const timer = setTimeout(() => socket.destroy(), REFUSAL_LINGER_MS);
  socket.on('close', () => clearTimeout(timer));
}

function peerOf(socket: TLSSocket): Peer {
  const certificate = certificateOf(socket);
  if (certificate === undefined) return addressOf(socket);
  const certificateId = createHash('sha256').update(certificate.raw).digest('hex');
  const commonName = socket.authorized ? commonNameOf(certificate) : undefined;
  return { ...addressOf(socket), certificateId, commonName };
}

/** Not getPeerX509Certificate: of a chain with an issuer, Node 24 leaks 5 KiB a call. */
function certificateOf(socket: TLSSocket): X509Certificate | undefined {
  const certificate = socket.getPeerCertificate(false) as { readonly raw?: Buffer } | null;
  const raw = certificate?.raw;
  return raw === undefined ? undefined : new X509Certificate(raw);
}

/** The last one, as it is the most specific; Node writes one part of the subject a line. */
function commonNameOf({ subject }: X509Certificate): string | undefined {
  const names = subject.split('\n').filter((line) => line.startsWith('CN='));
  return names.at(-1)?.slice('CN='.length);
}

function addressOf(socket: TLSSocket): Peer {
  return { ip: socket.remoteAddress, port: socket.remotePort };
}

function handshakeReason(error: Error): CloseReason {
  const code = systemCode(error) ?? '';
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return 'server-initiated';
  return code.startsWith('ERR_SSL_') ? 'protocol-error' : 'connection-lost';
}
