/** Every broker that is known from documentation only, one line each. */
import { awsIotCore } from './aws-iot-core.ts';
import { azureEventGrid } from './azure-event-grid.ts';
import { emqx } from './emqx.ts';
import { hivemqCe } from './hivemq-ce.ts';
import { nanomq } from './nanomq.ts';
import type { BrokerProfile, ProfileId } from './profile.ts';
import { vernemq } from './vernemq.ts';

export const PROFILES = {
  emqx,
  'hivemq-ce': hivemqCe,
  vernemq,
  nanomq,
  'aws-iot-core': awsIotCore,
  'azure-event-grid': azureEventGrid,
} satisfies Record<ProfileId, BrokerProfile>;

/** The profile of an ID from the command line; undefined if there is none. */
export function findProfile(id: string): BrokerProfile | undefined {
  return Object.values(PROFILES).find((profile) => profile.id === id);
}
