/**
 * Light, dark or as the system says. The choice is kept where the browser lets a file keep one, and
 * every drawing hears of a change, because a canvas does not restyle itself.
 */

type Choice = 'auto' | 'light' | 'dark';

const CHOICES: readonly Choice[] = ['auto', 'light', 'dark'];
const WORDS: Readonly<Record<Choice, string>> = {
  auto: 'Theme: system',
  light: 'Theme: light',
  dark: 'Theme: dark',
};
const KEY = 'doppelfleet-theme';

const listeners = new Set<() => void>();

/** Makes `button` change the theme in turn. */
export function startTheme(button: HTMLButtonElement): void {
  let choice = stored();
  const apply = (): void => {
    if (choice === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    button.textContent = WORDS[choice];
    for (const listener of listeners) listener();
  };
  button.hidden = false;
  button.addEventListener('click', () => {
    choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length] ?? 'auto';
    store(choice);
    apply();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply);
  apply();
}

/** Calls `redraw` whenever colours have changed. */
export function onThemeChange(redraw: () => void): void {
  listeners.add(redraw);
}

/** Tells every drawing to take its colours again; for printing, which is always light. */
export function themeChanged(): void {
  for (const listener of listeners) listener();
}

/** The value of a colour of the style sheet, such as `--accent`. */
export function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function stored(): Choice {
  try {
    const choice = localStorage.getItem(KEY);
    return CHOICES.find((one) => one === choice) ?? 'auto';
  } catch {
    // A browser may refuse storage to files.
    return 'auto';
  }
}

function store(choice: Choice): void {
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // The choice lasts as long as the page, then.
  }
}
