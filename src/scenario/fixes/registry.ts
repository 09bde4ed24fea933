/** Every fix strategy. A new one is a file, its ID in `core/ids.ts` and two lines here. */
import { z } from 'zod';
import type { FixId } from '../../core/ids.ts';
import { backoff } from './backoff.ts';
import { clientIdFromThingName } from './client-id-from-thing-name.ts';
import { clientIdUuid } from './client-id-uuid.ts';
import { closeBeforeReconnect } from './close-before-reconnect.ts';
import type { Fix } from './fix.ts';
import { uniqueCertificates } from './unique-certificates.ts';

export const FIXES = {
  'client-id-uuid': clientIdUuid,
  'client-id-from-thing-name': clientIdFromThingName,
  'unique-certificates': uniqueCertificates,
  'close-before-reconnect': closeBeforeReconnect,
  backoff,
} satisfies Record<FixId, unknown>;

export const fixParams = z.discriminatedUnion('strategy', [
  clientIdUuid.params,
  clientIdFromThingName.params,
  uniqueCertificates.params,
  closeBeforeReconnect.params,
  backoff.params,
]);
export type FixParams = z.output<typeof fixParams>;

/** The strategy that `params` belong to. */
export function fixOf(params: FixParams): Fix<FixParams> {
  return FIXES[params.strategy];
}
