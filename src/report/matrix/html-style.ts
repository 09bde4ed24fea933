/** The style sheet of the matrix page, and the policy that lets the page have nothing else. */
import { createHash } from 'node:crypto';

export const STYLE = `
:root { color-scheme: light dark; --line: #8886; --met: #116329; --unmet: #b3261e; --open: #7a5600;
  --met-back: #2da44e22; --unmet-back: #ff525226; --open-back: #d4a72c2b; }
@media (prefers-color-scheme: dark) { :root { --met: #57d87a; --unmet: #ff8a80; --open: #e3b341; } }
* { box-sizing: border-box; }
html { background: Canvas; color: CanvasText; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1.5rem; max-width: 100rem; }
h1 { font-size: 1.6rem; margin: 0; } h2 { margin: 2.5rem 0 .5rem; } h3 { margin: 1.2rem 0 .2rem; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
nav a { display: inline-block; padding: .2rem .8rem .2rem 0; }
:target { scroll-margin-top: 1rem; }
:focus-visible { outline: 3px solid Highlight; outline-offset: 1px; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { border: 1px solid var(--line); padding: .25rem .5rem; text-align: left; }
thead th { vertical-align: bottom; }
.pairs code, .pairs a, .pairs tbody td:nth-of-type(4) { white-space: nowrap; }
.pairs tbody td:nth-of-type(1), .pairs tbody td:last-child { min-width: 12rem; }
.grid thead th:not(:first-child) { padding: .4rem .2rem; }
.grid thead span { writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap; }
.grid tbody th { position: sticky; left: 0; background: Canvas; white-space: nowrap;
  font-weight: normal; }
.grid td { text-align: center; padding: 0; white-space: nowrap; }
.grid td > * { display: inline-block; min-width: 1.6rem; padding: .25rem 0; }
.grid a { text-decoration: none; font-weight: bold; }
.grid a:hover { text-decoration: underline; }
.grid a:focus-visible { outline-offset: -3px; }
.met { color: var(--met); background: var(--met-back); }
.unmet { color: var(--unmet); background: var(--unmet-back); }
.inconclusive { color: var(--open); background: var(--open-back); }
.badge { border-radius: 1rem; padding: .1rem .7rem; font-weight: bold; white-space: nowrap; }
article { border-left: .3rem solid var(--line); padding: .1rem 0 .3rem 1rem; margin: .8rem 0; }
article:target { border-left-color: Highlight; outline: 2px solid Highlight; outline-offset: .4rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .2rem 0; }
dt { opacity: .75; } dd { margin: 0; overflow-wrap: anywhere; } ul { margin: .2rem 0; }
.changes li { margin: .3rem 0; }
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** Content Security Policy: no script, no request, and this one style sheet. */
export const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'`;
