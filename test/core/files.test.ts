import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT, fileError, formatProblem, systemCode, UserError } from '../../src/core/errors.ts';
import { makeFolders, writeFileAtomic } from '../../src/core/files.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const modeOf = async (file: string) => (await stat(file)).mode & 0o777;

async function problemOf(work: Promise<unknown>): Promise<UserError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof UserError) return error;
  throw new Error(`a UserError was expected, not ${String(error)}`);
}

describe('makeFolders', () => {
  it('makes what is missing, with its mode, and says whether it was new', async () => {
    const folder = join(await temporaryFolder(), 'a', 'b', 'c');
    expect(await makeFolders(folder, 0o700)).toBe(true);
    expect(await modeOf(folder)).toBe(0o700);
    expect(await makeFolders(folder)).toBe(false);
  });

  it('may be asked by several at once: one of them made it', async () => {
    const folder = join(await temporaryFolder(), 'a', 'b');
    const made = await Promise.all(Array.from({ length: 20 }, () => makeFolders(folder)));
    expect(made.filter(Boolean)).toHaveLength(1);
  });

  it('refuses a file in the way', async () => {
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, '');
    await expect(makeFolders(file)).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeFolders(join(file, 'a'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it.skipIf(process.platform !== 'linux')(
    'comes back where the system refuses new folders, as /proc does',
    async () => {
      await expect(makeFolders('/proc/doppelfleet/a')).rejects.toMatchObject({ code: 'ENOENT' });
    },
  );
});

describe('writeFileAtomic', () => {
  it('writes the whole content and leaves nothing beside it', async () => {
    const folder = await temporaryFolder();
    await writeFileAtomic(join(folder, 'a.json'), 'content');
    expect(await readFile(join(folder, 'a.json'), 'utf8')).toBe('content');
    expect(await readdir(folder)).toEqual(['a.json']);
  });

  it('sets the mode it is given, also on a file that was open to all', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'key.pem');
    await writeFile(file, 'old', { mode: 0o644 });
    await writeFileAtomic(file, 'secret', 0o600);
    expect(await modeOf(file)).toBe(0o600);
    expect(await readFile(file, 'utf8')).toBe('secret');
  });

  it('replaces a link and does not follow it', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'target'), 'untouched');
    await symlink(join(folder, 'target'), join(folder, 'link'));
    await writeFileAtomic(join(folder, 'link'), 'new');
    expect(await readFile(join(folder, 'target'), 'utf8')).toBe('untouched');
    expect(await readFile(join(folder, 'link'), 'utf8')).toBe('new');
  });

  it('leaves neither file nor temporary file when the folder is missing', async () => {
    const folder = await temporaryFolder();
    const error = await problemOf(writeFileAtomic(join(folder, 'no', 'a.json'), 'x'));
    expect(error.exitCode).toBe(EXIT.invalidInput);
    expect(error.message).toContain('cannot write');
    expect(await readdir(folder)).toEqual([]);
  });

  it('leaves what was there, and no temporary file, when the place is a folder', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'taken'));
    await problemOf(writeFileAtomic(join(folder, 'taken'), 'x'));
    expect(await readdir(folder)).toEqual(['taken']);
    expect((await stat(join(folder, 'taken'))).isDirectory()).toBe(true);
  });

  it.skipIf(process.getuid?.() === 0)(
    'names a folder that may not be written to (skipped for root, who may)',
    async () => {
      const folder = await temporaryFolder();
      await chmod(folder, 0o500);
      const error = await problemOf(writeFileAtomic(join(folder, 'a'), 'x'));
      await chmod(folder, 0o700);
      expect(error.exitCode).toBe(EXIT.io);
    },
  );

  it('lets many writers of one file leave one of their contents whole', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'a');
    const contents = Array.from({ length: 20 }, (_, i) => String(i).repeat(10_000));
    await Promise.all(contents.map((content) => writeFileAtomic(file, content)));
    expect(contents).toContain(await readFile(file, 'utf8'));
    expect(await readdir(folder)).toEqual(['a']);
  });
});

describe('fileError', () => {
  const system = (code: string) => Object.assign(new Error(`${code}: boom`), { code });

  it.each([
    ['ENOENT', EXIT.invalidInput, 'no such file or folder'],
    ['EISDIR', EXIT.invalidInput, 'it is a folder'],
    ['EACCES', EXIT.io, 'permission denied'],
    ['EROFS', EXIT.io, 'read-only'],
    ['ENOSPC', EXIT.io, 'the disk is full'],
    ['EDQUOT', EXIT.io, 'quota'],
    ['EMFILE', EXIT.io, 'too many open files'],
  ])('turns %s into a sentence with what to do', (code, exitCode, words) => {
    const error = fileError(system(code), 'read', 'a.yaml');
    expect(error).toBeInstanceOf(UserError);
    const { exitCode: given, problems, cause } = error as UserError;
    expect(given).toBe(exitCode);
    expect(problems[0]?.message).toContain(`cannot read a.yaml: `);
    expect(problems[0]?.message).toContain(words);
    expect(problems[0]?.hint).toBeTruthy();
    expect(systemCode(cause)).toBe(code);
  });

  it('passes on what it does not know, unchanged', () => {
    const error = system('EWHATEVER');
    expect(fileError(error, 'read', 'a')).toBe(error);
    expect(fileError('text', 'read', 'a')).toBe('text');
    expect(fileError(system('constructor'), 'read', 'a')).not.toBeInstanceOf(UserError);
  });
});

describe('formatProblem', () => {
  it('puts place, path, message and hint into one line', () => {
    expect(
      formatProblem({
        file: 'a.yaml',
        line: 4,
        column: 7,
        path: 'fleet.pumps',
        message: 'is wrong',
        hint: 'mend it',
      }),
    ).toBe('a.yaml:4:7 fleet.pumps: is wrong — mend it');
    expect(formatProblem({ message: 'is wrong' })).toBe('is wrong');
    expect(formatProblem({ path: 'a', message: 'is wrong' })).toBe('a: is wrong');
  });

  it('shows a file name from outside as it is, and not what it would do to a terminal', () => {
    const shown = formatProblem({ file: 'a\u001b[2J.yaml', message: 'is wrong' });
    expect(shown).toBe('a\\x1b[2J.yaml: is wrong');
    const error = fileError(Object.assign(new Error(), { code: 'ENOENT' }), 'read', '\u001b[2J');
    expect(String(error)).toContain('cannot read \\x1b[2J');
  });

  it('is what a UserError says, once for each problem', () => {
    const error = new UserError(EXIT.usage, [{ message: 'one' }, { message: 'two', hint: 'do' }]);
    expect(error.message).toBe('one\ntwo — do');
  });
});
