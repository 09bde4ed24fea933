/**
 * The TLS side of the embedded broker. The certificate check is our own, after the handshake:
 * leaving it to Node hides who was refused (no address, no certificate) and sends no alert either.
 * A refused device sees the handshake succeed, then close_notify and FIN, and never a CONNACK.
 *
 * TLS session tickets are switched off: a resumed session would carry the identity of a
 * certificate whose key the client may not have.
 */
import { constants, createHash } from 'node:crypto';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { systemCode } from '../../core/errors.ts';
import type { CloseReason } from '../../history/event.ts';
import type { Evidence, Peer } from './evidence.ts';

/** A refused device gets this long to close its end before its socket is destroyed. */
const REFUSAL_LINGER_MS = 1000;
const HANDSHAKE_TIMEOUT_MS = 30_000;

export interface ListenerOptions {
  readonly server: { readonly certificatePem: string; readonly privateKeyPem: string };
  readonly deviceCaPem: string;
  readonly evidence: Evidence;
  /** Called for every accepted certificate. */
  readonly onDevice: (socket: TLSSocket, peer: Peer) => void;
}

/** A TLS server that hands accepted devices on and reports the refused ones. */
export function createListener(options: ListenerOptions): Server {
  const { evidence } = options;
  const listener = createServer({
    cert: options.server.certificatePem,
    key: options.server.privateKeyPem,
    ca: options.deviceCaPem,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    secureOptions: constants.SSL_OP_NO_TICKET,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    noDelay: true,
  });
  listener.on('secureConnection', (socket) => {
    const peer = peerOf(socket);
    if (socket.authorized) options.onDevice(socket, peer);
    else refuse(socket, peer, evidence);
  });
  listener.on('tlsClientError', (error, socket) => {
    evidence.refused(addressOf(socket), handshakeReason(error), error.message);
    socket.destroy();
  });
  return listener;
}

function refuse(socket: TLSSocket, peer: Peer, evidence: Evidence): void {
  const subject = socket.getPeerX509Certificate()?.subject.replaceAll('\n', ', ');
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
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return addressOf(socket);
  const certificateId = createHash('sha256').update(certificate.raw).digest('hex');
  return { ...addressOf(socket), certificateId };
}

function addressOf(socket: TLSSocket): Peer {
  return { ip: socket.remoteAddress, port: socket.remotePort };
}

function handshakeReason(error: Error): CloseReason {
  const code = systemCode(error) ?? '';
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return 'server-initiated';
  return code.startsWith('ERR_SSL_') ? 'protocol-error' : 'connection-lost';
}
