/**
 * Changes of a Mosquitto configuration, line by line: what belongs to a listener stands behind it,
 * and before the next one. Everything else of the author's text stays as it is. Pure.
 */
import { type Directive, readDirectives } from './directives.ts';

/** One listener with the lines that are about it. */
export interface ListenerSection {
  readonly listener: Directive;
  /** Those behind it that are about it; the listener itself is not among them. */
  readonly directives: readonly Directive[];
}

/** A listener's lines end where another listener or a bridge begins. */
const OPENS = new Set(['listener', 'connection']);

/** The listeners of a main file, in their order. */
export function listenersOf(text: string): readonly ListenerSection[] {
  const sections: { listener: Directive; directives: Directive[] }[] = [];
  let open: Directive[] | undefined;
  for (const directive of readDirectives(text)) {
    if (directive.key === 'listener') {
      open = [];
      sections.push({ listener: directive, directives: open });
    } else if (OPENS.has(directive.key)) {
      open = undefined;
    } else {
      open?.push(directive);
    }
  }
  return sections;
}

/** Value of a listener's directive: of several the last counts. */
export function settingAt(section: ListenerSection, key: string): string | undefined {
  return section.directives.findLast((one) => one.key === key)?.value;
}

/** Whether devices reach the listener by TLS. */
export function hasTls(section: ListenerSection): boolean {
  return settingAt(section, 'certfile') !== undefined;
}

/** Every listener says `value` afterwards; one that says another already keeps it if `ifMissing`. */
export function setInListeners(
  text: string,
  key: string,
  value: string,
  ifMissing = false,
): string {
  const lines = text.split('\n');
  for (const section of [...listenersOf(text)].reverse()) {
    const said = section.directives.filter((one) => one.key === key);
    for (const { line, value: old } of said) {
      if (ifMissing || old === value) continue;
      const written = lines[line - 1] ?? '';
      lines[line - 1] = `${/^\s*/.exec(written)?.[0] ?? ''}${key} ${value}${endOf(written)}`;
    }
    if (said.length > 0) continue;
    const last = section.directives.at(-1) ?? section.listener;
    const before = lines[last.line - 1] ?? '';
    const isLast = last.line === lines.length;
    const end = endOf(before);
    lines[last.line - 1] = isLast && end === '' && text.includes('\r\n') ? `${before}\r` : before;
    lines.splice(last.line, 0, `${key} ${value}${end}`);
  }
  return lines.join('\n');
}

/** Lines that end as on Windows go on doing so. */
function endOf(line: string): string {
  return line.endsWith('\r') ? '\r' : '';
}
