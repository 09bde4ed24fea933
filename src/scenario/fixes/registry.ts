/** Every fix strategy. A new one is a file, its ID in `core/ids.ts`, and a line here and in `params`. */
import type { FixId } from '../../core/ids.ts';
import { backoff } from './backoff.ts';
import { banFlapping } from './ban-flapping.ts';
import { bindClientId } from './bind-client-id.ts';
import { certificateRotation } from './certificate-rotation.ts';
import { clientIdFromThingName } from './client-id-from-thing-name.ts';
import { clientIdUuid } from './client-id-uuid.ts';
import { closeBeforeReconnect } from './close-before-reconnect.ts';
import type { Fix, FixPart } from './fix.ts';
import { honourSessionTakenOver } from './honour-session-taken-over.ts';
import { limitConnections } from './limit-connections.ts';
import { oneClientPerProcess } from './one-client-per-process.ts';
import type { FixParams } from './params.ts';
import { requireCertificate } from './require-certificate.ts';
import { revokeCertificates } from './revoke-certificates.ts';
import { uniqueCertificates } from './unique-certificates.ts';

export const FIXES = {
  'client-id-uuid': clientIdUuid,
  'client-id-from-thing-name': clientIdFromThingName,
  'unique-certificates': uniqueCertificates,
  'certificate-rotation': certificateRotation,
  'close-before-reconnect': closeBeforeReconnect,
  backoff,
  'honour-session-taken-over': honourSessionTakenOver,
  'one-client-per-process': oneClientPerProcess,
  'bind-client-id': bindClientId,
  'require-certificate': requireCertificate,
  'revoke-certificates': revokeCertificates,
  'limit-connections': limitConnections,
  'ban-flapping': banFlapping,
} satisfies Record<FixId, unknown>;

/** The strategy that `params` belong to. */
export function fixOf(params: FixParams): Fix<FixParams> {
  return FIXES[params.strategy];
}

/** What a plan or a report says of a part of a fix. */
export function fixPart(params: FixParams): FixPart {
  const { id: strategy, title, side, application, addresses, costs } = fixOf(params);
  return { strategy, title, side, application, addresses, costs };
}

/** Names of a strategy's parameters, and what is known of each. */
export function fixParameters(strategy: FixId): Readonly<Record<string, string>> {
  const shape: Readonly<Record<string, { readonly description?: string | undefined }>> =
    FIXES[strategy].params.shape;
  return Object.fromEntries(
    Object.entries(shape)
      .filter(([name]) => name !== 'strategy')
      .map(([name, { description }]) => [name, description ?? '']),
  );
}
