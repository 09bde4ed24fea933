/** A strict reader of the XML that reports are made of: what is not well-formed throws. */

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';
/** What XML 1.0 §2.2 does not allow. */
const FORBIDDEN = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

/** Elements with quoted attributes, text and the five entities; no comments, CDATA or DTD. */
export function parseXml(xml: string): XmlElement {
  if (!xml.startsWith(DECLARATION)) throw new Error('no XML declaration');
  if (FORBIDDEN.test(xml)) throw new Error('a character that XML forbids');
  const token = /<\/([\w.:-]+)>|<([\w.:-]+)((?:\s+[\w.:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;
  const root = { name: '', attributes: {}, children: [] as Mutable[], text: '' };
  const stack: Mutable[] = [root];
  let end = DECLARATION.length;
  token.lastIndex = end;
  for (const match of xml.matchAll(token)) {
    end = match.index + match[0].length;
    const [, closing, opening, attributes = '', empty, text] = match;
    const top = stack.at(-1);
    if (top === undefined) throw new Error('more than one root');
    if (text !== undefined) top.text += decode(text);
    else if (closing !== undefined) {
      if (top.name !== closing) throw new Error(`</${closing}> closes <${top.name}>`);
      stack.pop();
    } else if (opening !== undefined) {
      const element = { name: opening, attributes: parse(attributes), children: [], text: '' };
      top.children.push(element);
      if (empty === '') stack.push(element);
    }
  }
  if (end !== xml.length) throw new Error(`not XML at ${end}: ${xml.slice(end, end + 60)}`);
  const [element, ...more] = root.children;
  if (stack.length !== 1 || element === undefined || more.length > 0 || root.text.trim() !== '') {
    throw new Error('not exactly one whole root element');
  }
  return element;
}

interface Mutable extends XmlElement {
  readonly children: Mutable[];
  text: string;
}

function parse(attributes: string): Record<string, string> {
  const pairs = [...attributes.matchAll(/([\w.:-]+)="([^"]*)"/g)];
  const names = pairs.map(([, name = '']) => name);
  if (new Set(names).size !== names.length) throw new Error('an attribute twice');
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, decode(value)]));
}

function decode(text: string): string {
  return text.replace(/&(\w*);?/g, (entity, name: string) => {
    const character = entity.endsWith(';') ? ENTITIES[name] : undefined;
    if (character === undefined) throw new Error(`a bare ampersand: ${entity}`);
    return character;
  });
}
