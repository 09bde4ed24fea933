import { describe, expect, it } from 'vitest';
import { GroupMessages } from '../../src/fleet/messages.ts';
import { planOf } from '../scenario/helpers.ts';

function messagesOf(body: string) {
  const plan = planOf(body);
  const [group] = plan.groups;
  const [, device] = plan.devices;
  if (group === undefined || device === undefined) throw new Error('a group of two devices');
  return { messages: new GroupMessages(group), device };
}

describe('messages of a group', () => {
  it('are telemetry that knows device, client ID, number and time', () => {
    const { messages, device } = messagesOf(
      "  a: { devices: 2, publish: { every: 1s, qos: 1, topic: 't/{{group}}/{{n:3}}/{{clientId}}', payload: '{{seq}} at {{at}} from {{thingName}}' } }\n",
    );
    expect(messages.telemetry(device, 'who', 5, 1234.4)).toEqual({
      topic: 't/a/002/who',
      payload: '5 at 1234 from a-2',
      qos: 1,
    });
  });

  it('have a topic and a payload of JSON when the file names none', () => {
    const { messages, device } = messagesOf('  a: { devices: 2, publish: { every: 1s } }\n');
    const message = messages.telemetry(device, 'who', 5, 1234);
    expect(message).toMatchObject({ topic: 'fleet/a-2/telemetry', qos: 0 });
    expect(JSON.parse(message?.payload ?? '')).toEqual({ seq: 5, at: 1234 });
  });

  it('are none for a group that publishes none', () => {
    const { messages, device } = messagesOf('  a: { devices: 2 }\n');
    expect(messages.telemetry(device, 'who', 1, 0)).toBeUndefined();
    expect(messages.filters(device)).toEqual([]);
    expect(messages.will(device)).toBeUndefined();
  });

  it('are listened to by filters and left as a will, both made for the device', () => {
    const { messages, device } = messagesOf(`  a:
    devices: 2
    subscribe: [{ filter: '+/{{n}}/#', qos: 1 }, { filter: all }]
    will: { topic: 'gone/{{thingName}}', payload: 'bye {{n}}', retain: true }
`);
    expect(messages.filters(device)).toEqual([
      { filter: '+/2/#', qos: 1 },
      { filter: 'all', qos: 0 },
    ]);
    expect(messages.will(device)).toEqual({
      topic: 'gone/a-2',
      payload: 'bye 2',
      qos: 0,
      retain: true,
    });
  });
});
