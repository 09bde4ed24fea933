/** Every evidence format, one line each. */
import { awsCloudwatch } from './aws-cloudwatch.ts';
import { awsLifecycle } from './aws-lifecycle.ts';
import { azureEventGrid } from './azure-event-grid.ts';
import { csv } from './csv.ts';
import { doppelfleet } from './doppelfleet.ts';
import { emqx } from './emqx.ts';
import type { EvidenceFormat, FormatId } from './format.ts';
import { hivemq } from './hivemq.ts';
import { mosquitto } from './mosquitto-format.ts';
import { nats } from './nats.ts';
import { ndjson } from './ndjson.ts';
import { rabbitmq } from './rabbitmq.ts';

export const FORMATS = {
  doppelfleet,
  'aws-lifecycle': awsLifecycle,
  'aws-cloudwatch': awsCloudwatch,
  mosquitto,
  emqx,
  hivemq,
  'azure-event-grid': azureEventGrid,
  rabbitmq,
  nats,
  csv,
  ndjson,
} satisfies Record<FormatId, EvidenceFormat>;
