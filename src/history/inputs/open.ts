/**
 * One input as chunks of bytes: a file, or a stream that can be read only once (standard input, a
 * pipe); gzip is unpacked, known by its first bytes. Its beginning can be looked at first.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { EXIT, fileError, UserError } from '../../core/errors.ts';
import { IMPORT_BEGINNING_BYTES } from '../../core/limits.ts';
import { STDIN } from './expand.ts';

const CHUNK_BYTES = 256 * 1024;
const GZIP = Buffer.from([0x1f, 0x8b]);
/** Other ways to pack, by first bytes. */
const PACKED: readonly (readonly [Buffer, string])[] = [
  [Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), 'zstd'],
  [Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]), 'xz'],
  [Buffer.from('BZh'), 'bzip2'],
  [Buffer.from('PK\u0003\u0004'), 'zip'],
];

/** What happened to packed data, as said after "the file is". */
export type Damage = 'cut off' | 'damaged';

/** The file is compressed in a way that is not read here. */
export class PackedOtherwise extends UserError {}

/** What a read came to besides its bytes. */
export interface InputState {
  /** What is wrong with packed data of which only the beginning could be unpacked. */
  damage: Damage | undefined;
}

export interface OpenedInput {
  readonly input: Input;
  /** At most 64 KiB, unpacked. */
  readonly beginning: Buffer;
  /** Seen in the beginning already. */
  readonly damage: Damage | undefined;
}

export class Input {
  readonly name: string;
  readonly state: InputState;
  readonly #open: () => AsyncGenerator<Buffer>;

  private constructor(name: string, state: InputState, open: () => AsyncGenerator<Buffer>) {
    this.name = name;
    this.state = state;
    this.#open = open;
  }

  /** Opens `file` (`-`: `stdin`) and looks at its beginning. Throws a {@link UserError}. */
  static async open(file: string, stdin: AsyncIterable<Buffer>): Promise<OpenedInput> {
    const name = file === STDIN ? 'standard input' : file;
    const state: InputState = { damage: undefined };
    try {
      const rereadable = file !== STDIN && (await stat(file)).isFile();
      const open = (): AsyncGenerator<Buffer> =>
        unpacked(file === STDIN ? stdin : read(file), state, name);
      const chunks = open();
      const seen: Buffer[] = [];
      let length = 0;
      while (length < IMPORT_BEGINNING_BYTES) {
        const next = await chunks.next();
        if (next.done === true) break;
        seen.push(next.value);
        length += next.value.length;
      }
      const all = Buffer.concat(seen);
      const beginning = Buffer.from(all.subarray(0, IMPORT_BEGINNING_BYTES));
      const { damage } = state;
      if (!rereadable) {
        const input = new Input(name, state, () => continued(all, chunks));
        return { input, beginning, damage };
      }
      await chunks.return(undefined);
      state.damage = undefined;
      return { input: new Input(name, state, open), beginning, damage };
    } catch (error) {
      throw fileError(error, 'read', name);
    }
  }

  /** All of it, from the beginning; a stream can be asked once. */
  async *chunks(): AsyncGenerator<Buffer> {
    try {
      yield* this.#open();
    } catch (error) {
      throw fileError(error, 'read', this.name);
    }
  }
}

function read(file: string): AsyncIterable<Buffer> {
  return createReadStream(file, { highWaterMark: CHUNK_BYTES });
}

async function* continued(seen: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (seen.length > 0) yield seen;
  yield* rest;
}

async function* unpacked(
  source: AsyncIterable<Buffer>,
  state: InputState,
  name: string,
): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  try {
    const first = await beginningOf(chunks);
    const packed = PACKED.find(([magic]) => first.subarray(0, magic.length).equals(magic));
    if (packed !== undefined) {
      throw new PackedOtherwise(EXIT.invalidInput, {
        file: name,
        message: `the file is compressed with ${packed[1]}`,
        hint: 'unpack it, or compress it with gzip',
      });
    }
    if (first.subarray(0, GZIP.length).equals(GZIP)) yield* gunzip(first, chunks, state, name);
    else {
      if (first.length > 0) yield first;
      for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
        yield next.value;
      }
    }
  } finally {
    await chunks.return?.();
  }
}

/** Chunks may be small, such as those of a pipe: enough of them to tell what they are. */
async function beginningOf(chunks: AsyncIterator<Buffer>): Promise<Buffer> {
  let first: Buffer = Buffer.alloc(0);
  while (first.length < 8) {
    const next = await chunks.next();
    if (next.done === true) break;
    first = Buffer.concat([first, next.value]);
  }
  return first;
}

async function* gunzip(
  first: Buffer,
  rest: AsyncIterator<Buffer>,
  state: InputState,
  name: string,
): AsyncGenerator<Buffer> {
  const unzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // A feed that waits for room is left behind when the reader has seen enough.
  const feed = feedInto(unzip, first, rest).catch((error: unknown) => {
    unzip.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  try {
    yield* unzip as AsyncIterable<Buffer>;
    await feed;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'Z_BUF_ERROR' && code !== 'Z_DATA_ERROR') throw error;
    if (code === 'Z_DATA_ERROR' && unzip.bytesWritten === 0) throw corrupt(name);
    state.damage = code === 'Z_DATA_ERROR' ? 'damaged' : 'cut off';
  } finally {
    unzip.destroy();
  }
}

async function feedInto(
  unzip: ReturnType<typeof createGunzip>,
  first: Buffer,
  rest: AsyncIterator<Buffer>,
): Promise<void> {
  let chunk = first;
  for (;;) {
    if (unzip.destroyed) return;
    if (!unzip.write(chunk)) await drained(unzip);
    const next = await rest.next();
    if (next.done === true) break;
    chunk = next.value;
  }
  unzip.end();
}

function drained(unzip: ReturnType<typeof createGunzip>): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      unzip.off('drain', done).off('close', done);
      resolve();
    };
    unzip.on('drain', done).on('close', done);
  });
}

function corrupt(name: string): UserError {
  return new UserError(EXIT.invalidInput, {
    file: name,
    message: 'the gzip data is damaged from its beginning',
    hint: 'compress the original again',
  });
}
