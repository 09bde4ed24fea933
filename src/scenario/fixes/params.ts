/**
 * What a scenario file may say of fixes: the parameters of every strategy, apart from the strategies
 * themselves, whose types are made of the scenario's.
 */
import { z } from 'zod';
import { backoffParams } from './backoff.ts';
import { banFlappingParams } from './ban-flapping.ts';
import { bindClientIdParams } from './bind-client-id.ts';
import { certificateRotationParams } from './certificate-rotation.ts';
import { clientIdFromThingNameParams } from './client-id-from-thing-name.ts';
import { clientIdUuidParams } from './client-id-uuid.ts';
import { closeBeforeReconnectParams } from './close-before-reconnect.ts';
import { honourSessionTakenOverParams } from './honour-session-taken-over.ts';
import { limitConnectionsParams } from './limit-connections.ts';
import { oneClientPerProcessParams } from './one-client-per-process.ts';
import { requireCertificateParams } from './require-certificate.ts';
import { revokeCertificatesParams } from './revoke-certificates.ts';
import { uniqueCertificatesParams } from './unique-certificates.ts';

export const fixParams = z.discriminatedUnion('strategy', [
  clientIdUuidParams,
  clientIdFromThingNameParams,
  uniqueCertificatesParams,
  certificateRotationParams,
  closeBeforeReconnectParams,
  backoffParams,
  honourSessionTakenOverParams,
  oneClientPerProcessParams,
  bindClientIdParams,
  requireCertificateParams,
  revokeCertificatesParams,
  limitConnectionsParams,
  banFlappingParams,
]);
export type FixParams = z.output<typeof fixParams>;

/** A fix in a scenario file: one strategy, or several that are applied together. */
export const namedFix = z
  .union([fixParams.transform((one) => [one]), z.array(fixParams).min(1).max(8)])
  .describe('a strategy, or a list of strategies that are applied together');
