/**
 * The stage of a demonstration: acts appear at the pace of a reader, and on a terminal the presenter
 * goes on with Enter. Elsewhere nothing waits. An interrupt ends every pause at once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Act,
  type Paragraph,
  printable,
  renderParagraph,
  renderTitle,
  type Style,
  wrap,
} from '../index.ts';
import type { CliEnvironment } from './environment.ts';

export const PACES = ['slow', 'normal', 'fast'] as const;
export type Pace = (typeof PACES)[number];

/** Words that an audience reads in a second. */
const WORDS_PER_SECOND: Readonly<Record<Pace, number>> = { slow: 3, normal: 5, fast: Infinity };
const PAUSE_MS_MAX = 8_000;
const LINE_LENGTH_MAX = 1_000;

export interface Stage {
  /** A title alone: what follows is shown as it happens. */
  title(title: string): void;
  paragraphs(paragraphs: readonly Paragraph[]): Promise<void>;
  /** A whole act, then the pause after it. */
  act(act: Act): Promise<void>;
  /** Until the presenter goes on. */
  pause(): Promise<void>;
  line(text: string): void;
}

export function openStage(
  env: CliEnvironment,
  style: Style,
  { pace, signal }: { readonly pace: Pace; readonly signal: AbortSignal },
): Stage {
  const { stdout, awaitEnter } = env;
  const live = stdout.isTTY === true;
  let number = 0;
  const stage: Stage = {
    title(title) {
      number++;
      stdout.write(renderTitle(title, number, style));
      stdout.write('\n');
    },
    async paragraphs(all) {
      for (const paragraph of all) {
        stdout.write(renderParagraph(paragraph, style));
        if (live) await rest(paragraph, pace, signal);
      }
    },
    async act({ title, paragraphs }) {
      stage.title(title);
      await stage.paragraphs(paragraphs.filter(isSaying));
      await stage.pause();
    },
    async pause() {
      if (!live || awaitEnter === undefined || signal.aborted) return;
      stdout.write(style.dim('  Enter goes on '));
      await awaitEnter(signal);
    },
    line(text) {
      const lines = wrap(printable(text, LINE_LENGTH_MAX), style.width - 4);
      stdout.write(`${lines.map((line, n) => `${n === 0 ? '' : '    '}${line}`).join('\n')}\n`);
    },
  };
  return stage;
}

function isSaying(paragraph: Paragraph): boolean {
  return !('texts' in paragraph) || paragraph.texts.length > 0;
}

async function rest(paragraph: Paragraph, pace: Pace, signal: AbortSignal): Promise<void> {
  const text = 'texts' in paragraph ? paragraph.texts.join(' ') : paragraph.text;
  const count = text.split(/\s+/).filter(Boolean).length;
  const ms = Math.min(PAUSE_MS_MAX, (1000 * count) / WORDS_PER_SECOND[pace]);
  if (ms < 1 || signal.aborted) return;
  await sleep(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
