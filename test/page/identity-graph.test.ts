/** The identity graph: what is shared is drawn, the rest is counted. */
import { describe, expect, it } from 'vitest';
import type { ObservedEvent } from '../../src/history/event.ts';
import { renderGraph } from '../../src/page/graph-svg.ts';
import { type IdentityGraph, identityGraph } from '../../src/page/identity-graph.ts';
import { sessionsOf } from '../../src/page/run-sessions.ts';
import { session } from '../support/history-events.ts';
import { collected, opening } from '../support/page-records.ts';

interface Stay {
  readonly client: string;
  readonly certificate: string;
  readonly device?: string;
}

/** Sessions one after the other from one address; devices are known where they are named. */
function graphOf(stays: readonly Stay[]): IdentityGraph {
  const extra = { vantage: 'device', ip: '127.0.0.1' } as const;
  const events = stays.flatMap(({ client, certificate }, n): ObservedEvent[] =>
    session(`s${n}`, client, certificate, [n * 10, n * 10 + 5], 'client-initiated', extra),
  );
  const truth = stays.flatMap(({ device }, n) =>
    device === undefined ? [] : [opening(`s${n}`, device, n * 10 - 1)],
  );
  const collector = collected(events, truth);
  return identityGraph(sessionsOf(collector).rows, collector.tables);
}

const sentences = ({ components }: IdentityGraph) => components.flatMap((one) => one.sentences);

describe('the identity graph', () => {
  it('counts devices that share nothing, though all come from one address', () => {
    const graph = graphOf([
      { client: 'a', certificate: '1', device: 'dev-a' },
      { client: 'b', certificate: '2', device: 'dev-b' },
    ]);
    expect(graph).toEqual({ components: [], componentsLeftOut: 0, unshared: 2, truth: true });
  });

  it('draws a client ID with the devices that share it, and its address', () => {
    const graph = graphOf([
      { client: 'same', certificate: '1', device: 'dev-a' },
      { client: 'same', certificate: '2', device: 'dev-b' },
      { client: 'own', certificate: '3', device: 'dev-c' },
    ]);
    expect(sentences(graph)).toEqual(['client ID same is shared by 2 devices']);
    expect(graph.unshared).toBe(1);
    const [component] = graph.components;
    expect(component?.nodes.map(({ column, label }) => `${column} ${label}`)).toEqual([
      'device dev-a',
      'device dev-b',
      'certificate 111111111111…',
      'certificate 222222222222…',
      'client same',
      'address 127.0.0.1',
    ]);
    expect(component?.edges).toContainEqual({ from: 4, to: 5, sessions: 2 });
  });

  it('draws a certificate that several devices hold', () => {
    const graph = graphOf([
      { client: 'a', certificate: '1', device: 'dev-a' },
      { client: 'b', certificate: '1', device: 'dev-b' },
    ]);
    expect(sentences(graph)).toEqual(['certificate 111111111111… is shared by 2 devices']);
  });

  it('does not call it sharing when one device has two certificates or many client IDs', () => {
    const graph = graphOf([
      { client: 'a', certificate: '1', device: 'dev-a' },
      { client: 'a', certificate: '2', device: 'dev-a' },
      { client: 'a-2', certificate: '2', device: 'dev-a' },
    ]);
    expect(graph.components).toEqual([]);
    expect(graph.unshared).toBe(1);
  });

  it('goes by certificates and client IDs where no truth is known', () => {
    const graph = graphOf([
      { client: 'same', certificate: '1' },
      { client: 'same', certificate: '2' },
      { client: 'x', certificate: '3' },
      { client: 'y', certificate: '3' },
      { client: 'own', certificate: '4' },
    ]);
    expect(sentences(graph).sort()).toEqual([
      'certificate 333333333333… is shared by 2 client IDs',
      'client ID same is shared by 2 certificates',
    ]);
    expect([graph.unshared, graph.truth]).toEqual([1, false]);
  });

  it('stands many nodes of a column in one box, with their number', () => {
    const graph = graphOf(
      Array.from({ length: 50 }, (_, n) => ({
        client: `c-${n}`,
        certificate: '1',
        device: `dev-${n}`,
      })),
    );
    const devices = graph.components[0]?.nodes.filter(({ column }) => column === 'device');
    expect(devices).toHaveLength(12);
    expect(devices?.at(-1)).toEqual({ column: 'device', label: '39 more', more: 39 });
  });

  it('is drawn with escaped names and no styles of its own', () => {
    const graph = graphOf([
      { client: '</text><script>x', certificate: '1', device: '"><img onerror=x>' },
      { client: '</text><script>x', certificate: '2', device: 'b' },
    ]);
    const [component] = graph.components;
    expect(component).toBeDefined();
    const svg = component === undefined ? '' : renderGraph(component, 'label "quoted"');
    expect(svg).not.toMatch(/<script|<img|style=/);
    expect(svg).toContain('aria-label="label &quot;quoted&quot;"');
  });
});
