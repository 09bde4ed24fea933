/** OpenTelemetry's SDK, loaded when metrics are asked for, and what it is told of this program. */
import { randomUUID } from 'node:crypto';
import type { Resource } from '@opentelemetry/resources';

export type MetricsSdk = typeof import('@opentelemetry/sdk-metrics');

export interface LoadedSdk {
  readonly metrics: MetricsSdk;
  /** As `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` say, where they say something. */
  readonly resource: Resource;
}

export async function loadSdk(version: string): Promise<LoadedSdk> {
  const [metrics, resources] = await Promise.all([
    import('@opentelemetry/sdk-metrics'),
    import('@opentelemetry/resources'),
  ]);
  const ours = resources.resourceFromAttributes({
    'service.name': 'doppelfleet',
    'service.version': version,
    'service.instance.id': randomUUID(),
  });
  const detectors = [resources.envDetector];
  return { metrics, resource: ours.merge(resources.detectResources({ detectors })) };
}
