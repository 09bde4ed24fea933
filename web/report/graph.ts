/** Pointing at a node of an identity graph brings out what hangs on it. */

export function listenToGraphs(): void {
  for (const svg of document.querySelectorAll<SVGSVGElement>('svg.graph')) {
    const edges = [...svg.querySelectorAll<SVGPathElement>('.graph-edge')].map((edge) => ({
      edge,
      from: edge.dataset.from ?? '',
      to: edge.dataset.to ?? '',
    }));
    const nodes = [...svg.querySelectorAll<SVGGElement>('.graph-node')];
    const bringOut = (start: string): void => {
      const reached = new Set([
        ...reach(
          edges.map(({ from, to }) => [from, to]),
          start,
        ),
        ...reach(
          edges.map(({ from, to }) => [to, from]),
          start,
        ),
      ]);
      svg.classList.add('pointed');
      for (const node of nodes) node.classList.toggle('out', reached.has(node.dataset.node ?? ''));
      for (const { edge, from, to } of edges) {
        edge.classList.toggle('out', reached.has(from) && reached.has(to));
      }
    };
    for (const node of nodes) {
      node.addEventListener('pointerenter', () => bringOut(node.dataset.node ?? ''));
      node.addEventListener('pointerleave', () => svg.classList.remove('pointed'));
    }
  }
}

/** All that can be reached along the arrows. */
function reach(arrows: readonly (readonly string[])[], start: string): ReadonlySet<string> {
  const reached = new Set([start]);
  for (const place of reached) {
    for (const [from, to] of arrows) if (from === place && to !== undefined) reached.add(to);
  }
  return reached;
}
