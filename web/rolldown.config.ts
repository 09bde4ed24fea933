/** Bundles the pages' browser code into `dist/web`, one classic script each, to be put inline. */
import { defineConfig } from 'rolldown';

const PAGES = ['report', 'live'];

export default defineConfig(
  PAGES.map((page) => ({
    input: `web/${page}.ts`,
    output: { file: `dist/web/${page}.js`, format: 'iife' as const, minify: true },
  })),
);
