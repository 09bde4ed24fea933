/** The identity graph as SVG: four columns, sharing in colour, shape and words. Pure. */
import { plural } from '../core/text.ts';
import { htmlText as text } from '../report/html.ts';
import type { GraphComponent, GraphNode } from './identity-graph.ts';
import { GRAPH_COLUMNS, type GraphColumn } from './identity-nodes.ts';

const TITLES: Readonly<Record<GraphColumn, string>> = {
  device: 'Devices',
  certificate: 'Certificates',
  client: 'Client IDs',
  address: 'Addresses',
};

const [WIDTH, NODE_WIDTH, NODE_HEIGHT, ROW, HEAD] = [900, 172, 34, 44, 30];
const STEP = Math.floor((WIDTH - NODE_WIDTH) / (GRAPH_COLUMNS.length - 1));

/** One component; `label` names it for those who do not see it. */
export function renderGraph({ nodes, edges }: GraphComponent, label: string): string {
  const columns = GRAPH_COLUMNS.map((column) => nodes.filter((node) => node.column === column));
  const rows = Math.max(1, ...columns.map((column) => column.length));
  const height = HEAD + rows * ROW;
  const at = new Map<GraphNode, { readonly x: number; readonly y: number }>();
  for (const [column, members] of columns.entries()) {
    const top = HEAD + ((rows - members.length) * ROW) / 2;
    for (const [row, node] of members.entries()) {
      at.set(node, { x: column * STEP, y: top + row * ROW + (ROW - NODE_HEIGHT) / 2 });
    }
  }
  const heads = GRAPH_COLUMNS.filter((_, column) => (columns[column]?.length ?? 0) > 0).map(
    (column) =>
      `<text class="graph-head" x="${GRAPH_COLUMNS.indexOf(column) * STEP}" y="16">${TITLES[column]}</text>`,
  );
  const lines = edges.map(({ from, to, sessions }) => {
    const [start, end] = [at.get(nodeAt(nodes, from)), at.get(nodeAt(nodes, to))];
    if (start === undefined || end === undefined) return '';
    const [x1, y1] = [start.x + NODE_WIDTH, start.y + NODE_HEIGHT / 2];
    const [x2, y2] = [end.x, end.y + NODE_HEIGHT / 2];
    const bend = (x2 - x1) / 2;
    const isShared = [from, to].some((place) => nodeAt(nodes, place).shared !== undefined);
    const width = Math.min(5, 1 + Math.log10(Math.max(1, sessions)) * 1.4).toFixed(1);
    return `<path class="graph-edge${isShared ? ' shared' : ''}" data-from="${from}" data-to="${to}" stroke-width="${width}" d="M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}"><title>${plural(sessions, 'session')}</title></path>`;
  });
  const boxes = nodes.map((node, place) => box(node, place, at.get(node) ?? { x: 0, y: 0 }));
  return [
    `<svg class="graph" role="img" aria-label="${text(label, 300)}" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}">`,
    ...heads,
    ...lines,
    ...boxes,
    '</svg>',
  ].join('');
}

/** A shared node is a box with cut corners and a second line that says how it is shared. */
function box(node: GraphNode, place: number, { x, y }: { x: number; y: number }): string {
  const { shared, more, label } = node;
  const [w, h, cut] = [NODE_WIDTH, NODE_HEIGHT, 9];
  const shape =
    shared === undefined
      ? `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="4"/>`
      : `<path d="M${x + cut} ${y}H${x + w - cut}L${x + w} ${y + h / 2}L${x + w - cut} ${y + h}H${x + cut}L${x} ${y + h / 2}Z"/>`;
  const left = x + (shared === undefined ? 10 : 16);
  const name = `<text x="${left}" y="${shared === undefined ? y + 21.5 : y + 15}">${text(clipped(label, 20))}</text>`;
  const words =
    shared === undefined
      ? ''
      : `<text class="graph-words" x="${left}" y="${y + 27.5}">${text(shared, 40)}</text>`;
  const kind = `${shared === undefined ? '' : ' shared'}${more === undefined ? '' : ' more'}`;
  return `<g class="graph-node${kind}" data-node="${place}"><title>${text(label, 200)}${shared === undefined ? '' : ` – ${text(shared)}`}</title>${shape}${name}${words}</g>`;
}

/** From the middle, so that both ends of a name stay to be told apart. */
function clipped(label: string, lengthMax: number): string {
  const letters = [...label];
  if (letters.length <= lengthMax) return label;
  const half = Math.floor((lengthMax - 1) / 2);
  return `${letters.slice(0, half).join('')}…${letters.slice(-half).join('')}`;
}

function nodeAt(nodes: readonly GraphNode[], place: number): GraphNode {
  return nodes[place] ?? { column: 'address', label: '' };
}
