/**
 * A strict check that a text is well-formed XML 1.0, as far as reports use it: one root, tags that
 * match, attributes once each, known entities, allowed characters. Gives the elements back.
 */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  text: string;
}

const NAME = '[A-Za-z_][\\w.-]*';
const TOKEN = new RegExp(`<(/?)(${NAME})((?:\\s+${NAME}="[^"<]*")*)\\s*(/?)>|[^<>]+`, 'gy');
/** XML 1.0 §2.2: everything else may not stand in a document, not even escaped. */
const ALLOWED = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;
const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

/** Throws an error that says what is not well-formed. */
export function parseXml(text: string): XmlElement {
  if (!ALLOWED.test(text)) throw new Error('a character that XML forbids');
  const declared = /^<\?xml version="1\.0" encoding="UTF-8"\?>\n/.exec(text);
  if (declared === null) throw new Error('no XML declaration');
  const top: XmlElement = { name: '', attributes: {}, children: [], text: '' };
  const open = [top];
  let end = declared[0].length;
  TOKEN.lastIndex = end;
  for (let token = TOKEN.exec(text); token !== null; token = TOKEN.exec(text)) {
    end = TOKEN.lastIndex;
    take(open, token);
  }
  if (end !== text.length) throw new Error(`not well-formed at ${text.slice(end, end + 40)}`);
  const [root, ...others] = top.children;
  if (open.length !== 1) throw new Error(`<${open.at(-1)?.name}> is not closed`);
  if (root === undefined || others.length > 0) throw new Error('not one root');
  if (top.text.trim() !== '') throw new Error('text outside of the root');
  return root;
}

function take(open: XmlElement[], [all, closing, name, attributes = '', empty]: RegExpExecArray) {
  const parent = open.at(-1);
  if (parent === undefined) throw new Error('more is closed than was open');
  if (name === undefined) {
    parent.text += unescaped(all);
  } else if (closing === '/') {
    if (open.pop()?.name !== name) throw new Error(`</${name}> closes <${parent.name}>`);
  } else {
    const element = { name, attributes: attributesOf(attributes), children: [], text: '' };
    parent.children.push(element);
    if (empty !== '/') open.push(element);
  }
}

function attributesOf(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(/([\w.-]+)="([^"]*)"/g)) {
    if (Object.hasOwn(found, name)) throw new Error(`the attribute ${name} stands twice`);
    found[name] = unescaped(value);
  }
  return found;
}

function unescaped(text: string): string {
  if (/&(?!(amp|lt|gt|quot|apos);)/.test(text)) throw new Error(`a bare & in ${text.slice(0, 40)}`);
  return text.replace(/&(\w+);/g, (_, name: string) => ENTITIES[name] ?? '');
}
