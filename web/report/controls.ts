/** The toolbar above the timeline: what to group by, which runs, what to look for, zoom, legend. */
import { el, sizedContext } from '../shared/dom.ts';
import { drawMark, type MarkKind } from './marks.ts';
import type { Palette } from './palette.ts';
import type { Grouping, Order, PageState } from './state.ts';

/** Typing is over when nothing came for so long. */
const TYPING_MS = 150;

export function toolbar(state: PageState): HTMLElement {
  const bar = el('div', { class: 'toolbar', role: 'group', 'aria-label': 'Timeline controls' });
  const hasDevices = state.models.some(({ tables }) => tables.devices.length > 0);
  const groupings: readonly (readonly [Grouping, string])[] = [
    ['client', 'Client ID'],
    ...(hasDevices ? [['device', 'Device'] as const] : []),
    ['certificate', 'Certificate'],
  ];
  bar.append(
    labelled(
      'Lanes',
      selectOf(groupings, (grouping) => state.choose({ grouping }), 'grouping'),
    ),
    labelled(
      'Order',
      selectOf(ORDERS, (order) => state.choose({ order }), 'order'),
    ),
  );
  if (state.models.length > 1) {
    const runs = state.models.map(({ run, index }) => [String(index), run.name] as const);
    const options = [['all', 'All, one below the other'] as const, ...runs];
    const onRun = (run: string): void => state.choose({ run: run === 'all' ? 'all' : Number(run) });
    bar.append(labelled('Run', selectOf(options, onRun, 'run')));
  }
  bar.append(filterField(state), findingsBox(state), chip(state), zoomButtons(state));
  return bar;
}

const ORDERS: readonly (readonly [Order, string])[] = [
  ['trouble', 'Trouble first'],
  ['name', 'By name'],
  ['time', 'First seen first'],
];

function labelled(words: string, control: HTMLElement): HTMLElement {
  return el('label', { class: 'control' }, el('span', {}, words), control);
}

function selectOf<Value extends string>(
  options: readonly (readonly [Value, string])[],
  onChange: (value: Value) => void,
  name: string,
): HTMLSelectElement {
  const select = el('select', { name });
  for (const [value, words] of options) select.append(el('option', { value }, words));
  select.addEventListener('change', () => {
    const chosen = options[select.selectedIndex];
    if (chosen !== undefined) onChange(chosen[0]);
  });
  return select;
}

function filterField(state: PageState): HTMLElement {
  const input = el('input', {
    type: 'search',
    name: 'filter',
    placeholder: 'client ID, device, certificate, address',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  let waiting = 0;
  input.addEventListener('input', () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => state.choose({ text: input.value }), TYPING_MS);
  });
  return labelled('Filter', input);
}

function findingsBox(state: PageState): HTMLElement {
  const box = el('input', { type: 'checkbox', name: 'only-findings' });
  box.addEventListener('change', () => state.choose({ onlyFindings: box.checked }));
  return el('label', { class: 'control check' }, box, el('span', {}, 'Only in findings'));
}

/** The finding to which the timeline is cut down, with a way back. */
function chip(state: PageState): HTMLElement {
  const words = el('span');
  const button = el('button', { type: 'button', class: 'chip', hidden: true }, words, ' ✕');
  button.addEventListener('click', () => state.choose({ finding: undefined }));
  state.on('choice', () => {
    const { finding } = state.choice;
    button.hidden = finding === undefined;
    words.textContent = finding === undefined ? '' : `Finding: ${finding.finding.label}`;
    button.setAttribute('aria-label', `${words.textContent}. Show all sessions again`);
  });
  return button;
}

function zoomButtons(state: PageState): HTMLElement {
  const group = el('div', { class: 'zoom', role: 'group', 'aria-label': 'Zoom' });
  const actions: readonly (readonly [string, string, () => void])[] = [
    ['−', 'Zoom out', () => state.zoom(1 / 0.6)],
    ['+', 'Zoom in', () => state.zoom(0.6)],
    ['◀', 'Earlier', () => state.pan(-0.3)],
    ['▶', 'Later', () => state.pan(0.3)],
    ['All', 'Show all of the time', () => state.look(state.whole)],
  ];
  for (const [sign, words, act] of actions) {
    const button = el('button', { type: 'button', 'aria-label': words, title: words }, sign);
    button.addEventListener('click', act);
    group.append(button);
  }
  return group;
}

const LEGEND: readonly (readonly [MarkKind, string])[] = [
  ['takeover', 'takeover'],
  ['inferred', 'takeover, inferred'],
  ['failed', 'connect failed'],
  ['lost', 'connection lost or timed out'],
];

/** Marks with their words; `redraw` paints them again in other colours. */
export function legend(colors: () => Palette): { element: HTMLElement; redraw: () => void } {
  const element = el('ul', { class: 'legend', 'aria-label': 'Marks on the timeline' });
  const canvases: (readonly [HTMLCanvasElement, (context: CanvasRenderingContext2D) => void])[] =
    [];
  const add = (words: string, paint: (context: CanvasRenderingContext2D) => void): void => {
    const canvas = el('canvas', { 'aria-hidden': 'true' });
    canvases.push([canvas, paint]);
    element.append(el('li', {}, canvas, words));
  };
  add('one holder', (context) => bar(context, [colors().calm]));
  add('several holders, a colour each', (context) => bar(context, colors().holders.slice(0, 3)));
  add('open at the same time', (context) => {
    context.fillStyle = colors().alarmBack;
    context.fillRect(0, 0, 26, 16);
    context.fillStyle = colors().holders[0] ?? '';
    context.fillRect(0, 1, 18, 6);
    context.fillStyle = colors().holders[1] ?? '';
    context.fillRect(8, 9, 18, 6);
  });
  add('half-open', (context) => {
    context.fillStyle = colors().calm;
    context.fillRect(0, 4, 8, 8);
    context.setLineDash([3, 2]);
    context.strokeStyle = colors().calm;
    context.strokeRect(8, 4.5, 17, 7);
  });
  for (const [kind, words] of LEGEND) {
    add(words, (context) => drawMark(context, kind, { x: 13, y: 5, height: 8 }, colors()));
  }
  const redraw = (): void => {
    for (const [canvas, paint] of canvases) {
      const context = sizedContext(canvas, 26, 16);
      if (context === undefined) continue;
      context.clearRect(0, 0, 26, 16);
      context.setLineDash([]);
      paint(context);
    }
  };
  return { element, redraw };
}

function bar(context: CanvasRenderingContext2D, fills: readonly string[]): void {
  for (const [place, fill] of fills.entries()) {
    context.fillStyle = fill;
    context.fillRect((place * 26) / fills.length, 4, 26 / fills.length - 1, 8);
  }
}
