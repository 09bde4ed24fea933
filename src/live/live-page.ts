/**
 * The page of the live view: a frame that the browser code fills. It loads nothing but the stream of
 * the server that it came from; a content security policy holds it to that.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { EXIT, systemCode, UserError } from '../core/errors.ts';

export interface LivePage {
  readonly html: string;
  /** For the header, where it can also forbid to be put into a frame. */
  readonly policy: string;
}

/** Beside `src` and `dist` alike: the package's root. */
const BUILT = new URL('../../dist/web/', import.meta.url);

/** Throws a `UserError` when the browser code has not been built. */
export async function loadLivePage(): Promise<LivePage> {
  try {
    const [script = '', style = ''] = await Promise.all(
      ['live.js', 'live.css'].map((name) => readFile(new URL(name, BUILT), 'utf8')),
    );
    return livePage(script, style);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    throw new UserError(EXIT.internal, {
      message: 'the browser code of the live view is missing',
      hint: 'run npm run build',
    });
  }
}

export function livePage(code: string, sheet: string): LivePage {
  // Strings of a bundle may hold the end of their element; inside of strings `<\/` is the same.
  const script = code.replaceAll(/<\/(?=script)/gi, '<\\/').replaceAll('<!--', '<\\!--');
  const style = sheet.replaceAll(/<\/(?=style)/gi, '<\\/');
  const policy = [
    "default-src 'none'",
    `script-src ${digest(script)}`,
    `style-src ${digest(style)}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>doppelfleet live</title>
<style>${style}</style>
</head>
<body>
<noscript><p>The live view needs JavaScript; the terminal shows the same.</p></noscript>
<script>${script}</script>
</body>
</html>
`;
  return { html, policy };
}

function digest(content: string): string {
  return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
}
