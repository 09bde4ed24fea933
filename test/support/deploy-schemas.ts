/**
 * What manifests may hold: the members that the Compose Specification and the API of Kubernetes 1.32
 * know for the objects that we use, written from their references. Nothing else is allowed, so that a
 * member that was misspelt, or stands in the wrong place, is found.
 */
import { Ajv } from 'ajv';

const ajv = new Ajv({ strict: false, allErrors: true });

type Members = Readonly<Record<string, object>>;

const strict = (properties: Members, required: readonly string[] = []) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const list = (items: object) => ({ type: 'array', items, minItems: 1 });
const oneOf = (...values: readonly unknown[]) => ({ enum: values });
const text = { type: 'string', minLength: 1 };
const texts = list(text);
const flag = { type: 'boolean' };
const count = { type: 'integer', minimum: 0 };
const matching = (pattern: string) => ({ type: 'string', pattern });
const textMap = { type: 'object', additionalProperties: { type: 'string' } };

const duration = matching('^(\\d+(us|ms|s|m|h))+$');
const bytes = matching('^\\d+(b|k|kb|m|mb|g|gb)$');
const limit = { anyOf: [count, strict({ soft: count, hard: count }, ['soft', 'hard'])] };

const service = strict(
  {
    cap_drop: texts,
    command: texts,
    depends_on: {
      type: 'object',
      additionalProperties: strict(
        {
          condition: oneOf('service_started', 'service_healthy', 'service_completed_successfully'),
          restart: flag,
          required: flag,
        },
        ['condition'],
      ),
    },
    environment: textMap,
    healthcheck: strict({
      test: texts,
      interval: duration,
      timeout: duration,
      start_period: duration,
      start_interval: duration,
      retries: count,
      disable: flag,
    }),
    image: text,
    mem_limit: bytes,
    networks: texts,
    profiles: texts,
    read_only: flag,
    restart: oneOf('no', 'always', 'on-failure', 'unless-stopped'),
    security_opt: texts,
    stop_grace_period: duration,
    ulimits: { type: 'object', additionalProperties: limit },
    user: text,
    volumes: list(
      strict(
        {
          type: oneOf('bind', 'volume', 'tmpfs'),
          source: text,
          target: text,
          read_only: flag,
        },
        ['type', 'target'],
      ),
    ),
  },
  ['image'],
);

/** https://github.com/compose-spec/compose-spec/blob/main/spec.md */
export const composeFile = ajv.compile(
  strict(
    {
      name: matching('^[a-z0-9][a-z0-9_-]*$'),
      services: { type: 'object', additionalProperties: service },
      networks: { type: 'object', additionalProperties: strict({ internal: flag, driver: text }) },
      volumes: { type: 'object', additionalProperties: strict({ driver: text }) },
    },
    ['services'],
  ),
);

const dnsName = matching('^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$');
const metadata = strict({ name: dnsName, namespace: dnsName, labels: textMap }, ['name']);
const selector = strict({ matchLabels: textMap }, ['matchLabels']);
const quantity = matching('^\\d+(m|Ki|Mi|Gi)?$');
const resources = strict({ cpu: quantity, memory: quantity });
const seccompProfile = strict({ type: oneOf('RuntimeDefault', 'Localhost', 'Unconfined') }, [
  'type',
]);
const keyRef = strict({ name: dnsName, key: text, optional: flag }, ['name', 'key']);
const port = { anyOf: [{ type: 'integer', minimum: 1, maximum: 65_535 }, dnsName] };

const container = strict(
  {
    name: dnsName,
    image: text,
    imagePullPolicy: oneOf('Always', 'IfNotPresent', 'Never'),
    command: texts,
    args: texts,
    env: list(
      strict(
        {
          name: matching('^[A-Z_][A-Z0-9_]*$'),
          value: { type: 'string' },
          valueFrom: strict({ secretKeyRef: keyRef, configMapKeyRef: keyRef }),
        },
        ['name'],
      ),
    ),
    ports: list(
      strict({ name: dnsName, containerPort: port, protocol: oneOf('TCP', 'UDP') }, [
        'containerPort',
      ]),
    ),
    readinessProbe: strict({
      exec: strict({ command: texts }, ['command']),
      periodSeconds: count,
      timeoutSeconds: count,
      failureThreshold: count,
    }),
    resources: strict({ requests: resources, limits: resources }, ['requests', 'limits']),
    securityContext: strict(
      {
        allowPrivilegeEscalation: flag,
        capabilities: strict({ add: texts, drop: texts }),
        readOnlyRootFilesystem: flag,
        runAsNonRoot: flag,
      },
      ['allowPrivilegeEscalation', 'readOnlyRootFilesystem', 'capabilities'],
    ),
  },
  ['name', 'image', 'resources', 'securityContext'],
);

const podSpec = strict(
  {
    automountServiceAccountToken: flag,
    containers: list(container),
    enableServiceLinks: flag,
    securityContext: strict(
      {
        fsGroup: count,
        runAsGroup: count,
        runAsNonRoot: flag,
        runAsUser: count,
        seccompProfile,
      },
      ['runAsNonRoot', 'seccompProfile'],
    ),
    terminationGracePeriodSeconds: count,
    topologySpreadConstraints: list(
      strict(
        {
          labelSelector: selector,
          maxSkew: count,
          topologyKey: text,
          whenUnsatisfiable: oneOf('DoNotSchedule', 'ScheduleAnyway'),
        },
        ['maxSkew', 'topologyKey', 'whenUnsatisfiable'],
      ),
    ),
  },
  ['containers', 'securityContext', 'automountServiceAccountToken'],
);

const kinds: Members = {
  Deployment: strict(
    {
      apiVersion: oneOf('apps/v1'),
      kind: oneOf('Deployment'),
      metadata,
      spec: strict(
        {
          replicas: count,
          selector,
          strategy: strict({ type: oneOf('Recreate', 'RollingUpdate') }),
          template: strict({ metadata: strict({ labels: textMap }), spec: podSpec }, ['spec']),
        },
        ['selector', 'template'],
      ),
    },
    ['apiVersion', 'metadata', 'spec'],
  ),
  Service: strict(
    {
      apiVersion: oneOf('v1'),
      kind: oneOf('Service'),
      metadata,
      spec: strict(
        {
          selector: textMap,
          ports: list(strict({ name: dnsName, port, targetPort: port }, ['port'])),
        },
        ['selector', 'ports'],
      ),
    },
    ['apiVersion', 'metadata', 'spec'],
  ),
  NetworkPolicy: strict(
    {
      apiVersion: oneOf('networking.k8s.io/v1'),
      kind: oneOf('NetworkPolicy'),
      metadata,
      spec: strict(
        {
          podSelector: selector,
          policyTypes: list(oneOf('Ingress', 'Egress')),
          ingress: list(
            strict({
              from: list(strict({ podSelector: selector, namespaceSelector: selector })),
              ports: list(strict({ port, protocol: oneOf('TCP', 'UDP') })),
            }),
          ),
        },
        ['podSelector'],
      ),
    },
    ['apiVersion', 'metadata', 'spec'],
  ),
};

/** https://kubernetes.io/docs/reference/kubernetes-api/ */
export const kubernetesObject = ajv.compile({
  type: 'object',
  required: ['kind'],
  properties: { kind: oneOf(...Object.keys(kinds)) },
  allOf: Object.entries(kinds).map(([kind, schema]) => ({
    if: { properties: { kind: oneOf(kind) } },
    // biome-ignore lint/suspicious/noThenProperty: the word is JSON Schema's
    then: schema,
  })),
});
