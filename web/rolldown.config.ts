/**
 * Bundles the pages' browser code into `dist/web`: for each page one classic script and one style
 * sheet, both to be put inline. The notice of what is bundled stands at the end of the script.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { defineConfig } from 'rolldown';

const PAGES = [
  { page: 'report', styles: ['node_modules/uplot/dist/uPlot.min.css'] },
  { page: 'live', styles: ['node_modules/uplot/dist/uPlot.min.css'] },
];

const UPLOT = `uPlot: ${readFileSync('node_modules/uplot/LICENSE', 'utf8')}`;

const LICENCES: Readonly<Record<string, string>> = { report: UPLOT, live: UPLOT };

export default defineConfig(
  PAGES.map(({ page, styles }) => ({
    input: `web/${page}.ts`,
    output: {
      file: `dist/web/${page}.js`,
      format: 'iife' as const,
      minify: true,
      ...(LICENCES[page] === undefined ? {} : { postBanner: `/*! ${LICENCES[page]} */` }),
    },
    plugins: [{ name: 'style-sheet', writeBundle: () => writeStyles(page, styles) }],
  })),
);

/** What a library brings, what both pages share, and the page's own: in this order. */
function writeStyles(page: string, styles: readonly string[]): void {
  const files = [...styles, ...sheetsIn('web/shared'), ...sheetsIn(`web/${page}`)];
  const css = files.map((file) => readFileSync(file, 'utf8')).join('\n');
  mkdirSync('dist/web', { recursive: true });
  writeFileSync(`dist/web/${page}.css`, squeezed(css));
}

function sheetsIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith('.css'));
  return names.sort().map((name) => `${folder}/${name}`);
}

/** Without comments and without the space between lines. */
function squeezed(css: string): string {
  return css
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim();
}
