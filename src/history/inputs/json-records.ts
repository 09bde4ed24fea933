/**
 * The records of a JSON document, one after the other in bounded memory, however long the document:
 * the objects of a list at the top or under one key (`{"events": […]}`), or else the objects at the
 * top themselves, over as many lines as they take. A document that is cut off gives what it has.
 */
import { HISTORY_LINE_BYTES_MAX } from '../../core/limits.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = new Set([0x7b, 0x5b]);
const CLOSE = new Set([0x7d, 0x5d]);
const BRACE = 0x7b;
const BRACKET = 0x5b;
const COLON = 0x3a;
/** A key of ours is shorter; only its beginning is kept. */
const KEY_LENGTH_MAX = 100;
const DEPTH_MAX = 1_000;

export interface JsonRecordSink {
  record(text: string): void;
  unread(message: string): void;
}

export class JsonRecords {
  readonly #container: string;
  readonly #sink: JsonRecordSink;
  /** Codes of the brackets that are open. */
  readonly #stack: number[] = [];
  #inString = false;
  #escaped = false;
  /** The text of the record so far, and the depth at which it began; undefined between records. */
  #parts: string[] | undefined;
  #length = 0;
  #recordDepth = 0;
  /** Where in the text being read the record goes on. */
  #from = 0;
  /** The last string at depth 1, and the key whose value is being read. */
  #word = '';
  #key = '';
  /** The object at the top holds the list of records and is none itself. */
  #isWrapper = false;

  constructor(container: string, sink: JsonRecordSink) {
    this.#container = container;
    this.#sink = sink;
  }

  push(text: string): void {
    this.#from = 0;
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (this.#inString) this.#string(code, text, at);
      else if (code === QUOTE) {
        this.#inString = true;
        this.#word = '';
      } else if (code === COLON) {
        if (this.#stack.length === 1) this.#key = this.#word;
      } else if (OPEN.has(code)) this.#opened(code, at);
      else if (CLOSE.has(code)) this.#closed(text, at);
    }
    if (this.#parts !== undefined) this.#keep(text.slice(this.#from));
  }

  /** The document has ended. */
  end(): void {
    if (this.#stack.length > 0) this.#sink.unread('the document is cut off in the middle');
  }

  #string(code: number, text: string, at: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (code === BACKSLASH) this.#escaped = true;
    else if (code === QUOTE) {
      this.#inString = false;
      return;
    }
    if (this.#stack.length === 1 && this.#word.length < KEY_LENGTH_MAX) this.#word += text[at];
  }

  #opened(code: number, at: number): void {
    if (this.#begins(code)) {
      this.#from = at;
      this.#parts = [];
      this.#length = 0;
      this.#recordDepth = this.#stack.length;
    }
    this.#stack.push(code);
    if (this.#stack.length > DEPTH_MAX) this.#giveUp('brackets in brackets without end');
  }

  #closed(text: string, at: number): void {
    this.#stack.pop();
    if (this.#parts !== undefined && this.#stack.length === this.#recordDepth) {
      this.#keep(text.slice(this.#from, at + 1));
      this.#finish();
    } else if (this.#stack.length === 0) this.#isWrapper = false;
  }

  /** Whether the bracket that opens here begins a record. */
  #begins(code: number): boolean {
    const [outer, inner] = this.#stack;
    const depth = this.#stack.length;
    if (depth === 1 && outer === BRACE && code === BRACKET && this.#key === this.#container) {
      this.#isWrapper = true;
      this.#parts = undefined;
      return false;
    }
    if (code !== BRACE) return false;
    if (depth === 0) return true;
    if (depth === 1) return outer === BRACKET;
    return depth === 2 && this.#isWrapper && inner === BRACKET && this.#key === this.#container;
  }

  #keep(text: string): void {
    this.#length += text.length;
    // What follows is only counted: the record is too long to be one.
    if (this.#length <= HISTORY_LINE_BYTES_MAX) this.#parts?.push(text);
  }

  #finish(): void {
    const parts = this.#parts ?? [];
    this.#parts = undefined;
    if (this.#length > HISTORY_LINE_BYTES_MAX) {
      this.#sink.unread(`longer than ${HISTORY_LINE_BYTES_MAX} characters`);
    } else this.#sink.record(parts.join(''));
  }

  #giveUp(message: string): void {
    this.#sink.unread(message);
    this.#stack.length = 0;
    this.#parts = undefined;
    this.#isWrapper = false;
  }
}

/** Whether JSON text is one document over many lines or with a list, instead of a record a line. */
export function isJsonDocument(beginning: string, container: string): boolean {
  const text = beginning.trimStart();
  if (text.startsWith('[')) return /^\[\s*[{\]]/.test(text);
  if (!text.startsWith('{')) return false;
  const [firstLine = '', ...rest] = text.split('\n', 2);
  if (new RegExp(`^\\{[^[]{0,4000}"${container}"\\s*:\\s*\\[`).test(text)) return true;
  if (rest.length === 0) return false;
  try {
    JSON.parse(firstLine);
    return false;
  } catch {
    // A line that does not end in a bracket goes on; one that does is only broken.
    return !/[}\]]\s*$/.test(firstLine);
  }
}
