/** What a plan is going to touch, in numbers and sentences; printed before the first packet. */

import { describeReconnect } from '../behaviour/reconnect.ts';
import { behaviourOf } from '../behaviour/registry.ts';
import { plural, printable } from '../core/text.ts';
import { formatDuration } from '../core/time.ts';
import type { BlastRadius } from '../report/report.ts';
import { peakPerSecond } from '../scenario/arrivals.ts';
import type { FleetPlan, PlannedGroup } from '../scenario/plan.ts';
import type { PlantedFinding } from '../scenario/planted.ts';

/** `target` is the endpoint if it is known, else the name of the broker. */
export function blastRadius(plan: FleetPlan, target: string, loopback: boolean): BlastRadius {
  return {
    target,
    loopback,
    devices: plan.devices.length,
    certificates: plan.certificates.length,
    arrivalsPerSecondMax: peakPerSecond(plan.devices.map((device) => device.arrivesAtMs)),
    durationMs: plan.durationMs,
    settleMs: plan.settleMs,
    groups: plan.groups.map(describeGroup),
    planted: [...describePlanted(plan), ...describeRefused(plan)],
    uncertain: plan.uncertain,
  };
}

function describeGroup(group: PlannedGroup): string {
  const { publish, subscribe, mqtt } = group;
  const parts = [
    printable(group.identity, 160),
    behaviourOf(group.behaviour).describe(group.behaviour),
    describeReconnect(group.reconnect),
    ...(publish
      ? [`publishes every ${formatDuration(publish.every)} with QoS ${publish.qos}`]
      : []),
    ...(subscribe
      ? [`subscribes to ${subscribe.map((one) => printable(one.filter, 60)).join(', ')}`]
      : []),
    `MQTT ${mqtt.protocolVersion === 5 ? '5' : '3.1.1'} over TLS ${mqtt.tls}`,
  ];
  return `${group.name}: ${plural(group.devices, 'device')}; ${parts.join('; ')}`;
}

const CAUSES: Readonly<Record<PlantedFinding['cause'], string>> = {
  'rival-devices': 'devices with one client ID',
  'self-takeover': 'devices that evict their own session',
  'shared-certificate': 'devices with one certificate',
  'half-open-ghost': 'devices that leave half-open sessions behind',
};

/** One line for each kind of planted finding, so that a thousand flapping devices take one. */
function describePlanted(plan: FleetPlan): readonly string[] {
  const kinds = new Map<string, PlantedFinding[]>();
  for (const finding of plan.planted) {
    const key = `${finding.check} ${finding.cause}`;
    kinds.set(key, [...(kinds.get(key) ?? []), finding]);
  }
  return [...kinds.values()].map((findings) => {
    const [{ check, cause } = { check: '', cause: 'rival-devices' as const }] = findings;
    const devices = [...new Set(findings.flatMap((finding) => finding.devices))];
    return `${plural(findings.length, 'finding')} of ${check}: ${devices.length} ${CAUSES[cause]} (${shown(devices)})`;
  });
}

/** One line for each rule of the broker that keeps devices out, and one for a rotation. */
function describeRefused({ devices, rotation }: FleetPlan): readonly string[] {
  const rules = new Map<string, string[]>();
  for (const { refusedBy, name } of devices) {
    if (refusedBy === undefined) continue;
    rules.set(refusedBy, [...(rules.get(refusedBy) ?? []), name]);
  }
  const refused = [...rules].map(
    ([rule, names]) =>
      `${plural(names.length, 'device')} that the broker refuses by ${rule} (${shown(names)})`,
  );
  if (rotation === undefined) return refused;
  const old = plural(rotation.revoke.length, 'old certificate');
  return [
    ...refused,
    `a rotation at ${formatDuration(rotation.atMs)} that ends with ${old} revoked`,
  ];
}

function shown(names: readonly string[]): string {
  return names.slice(0, 4).join(', ') + (names.length > 4 ? ', …' : '');
}
