/** What the devices of a group send and listen to: templates compiled once, rendered per message. */
import type { EpochMs } from '../core/time.ts';
import type { PlannedDevice, PlannedGroup } from '../scenario/plan.ts';
import { compileTemplate, type Template } from '../scenario/template.ts';

export class GroupMessages {
  readonly #group: PlannedGroup;
  readonly #topic: Template | undefined;
  readonly #payload: Template | undefined;

  constructor(group: PlannedGroup) {
    this.#group = group;
    this.#topic = group.publish && compileTemplate(group.publish.topic);
    this.#payload = group.publish && compileTemplate(group.publish.payload);
  }

  /** The telemetry message number `seq`, or undefined if the group publishes none. */
  telemetry(device: PlannedDevice, clientId: string, seq: number, at: EpochMs) {
    const { publish } = this.#group;
    if (!publish || !this.#topic || !this.#payload) return undefined;
    const values = { ...deviceValues(device), clientId, seq, at: Math.round(at) };
    return {
      topic: this.#topic.render(values),
      payload: this.#payload.render(values),
      qos: publish.qos,
    };
  }

  /** Topic filters to subscribe to. */
  filters(device: PlannedDevice) {
    return (this.#group.subscribe ?? []).map(({ filter, qos }) => ({
      filter: compileTemplate(filter).render(deviceValues(device)),
      qos,
    }));
  }

  /** The will message to leave with the broker (MQTT 5.0 §3.1.2.5). */
  will(device: PlannedDevice) {
    const { will } = this.#group;
    return (
      will && {
        ...will,
        topic: compileTemplate(will.topic).render(deviceValues(device)),
        payload: compileTemplate(will.payload).render(deviceValues(device)),
      }
    );
  }
}

function deviceValues(device: PlannedDevice) {
  return { n: device.n, group: device.group, thingName: device.name };
}
