/** The colours of the drawings, taken from the style sheet whenever the theme changes. */
import { color } from '../shared/theme.ts';

export interface Palette {
  readonly surface: string;
  readonly stripe: string;
  readonly line: string;
  readonly text: string;
  readonly muted: string;
  readonly accent: string;
  readonly alarm: string;
  readonly alarmBack: string;
  readonly warning: string;
  /** A lane with one holder, as it should be. */
  readonly calm: string;
  /** Holders of a lane that has several. */
  readonly holders: readonly string[];
  /** Lines of the runs. */
  readonly runs: readonly string[];
}

const HOLDERS = 8;
const RUNS = 6;

export function palette(): Palette {
  const many = (name: string, length: number): readonly string[] =>
    Array.from({ length }, (_, place) => color(`--${name}-${place + 1}`));
  return {
    surface: color('--surface'),
    stripe: color('--stripe'),
    line: color('--line'),
    text: color('--text'),
    muted: color('--muted'),
    accent: color('--accent'),
    alarm: color('--alarm'),
    alarmBack: color('--alarm-back'),
    warning: color('--warning'),
    calm: color('--calm'),
    holders: many('holder', HOLDERS),
    runs: many('run', RUNS),
  };
}

export const SMALL_FONT = '11px ui-sans-serif, system-ui, sans-serif';
