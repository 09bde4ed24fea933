/**
 * The files of one Mosquitto: its configuration, certificates, revocation list. The private key is
 * there (0600) only while Mosquitto reads it, at its start and at every reload.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { EXIT, UserError } from '../../core/errors.ts';
import { makeFolders, writeFileAtomic } from '../../core/files.ts';
import { printable } from '../../core/text.ts';
import type { BrokerChanges, BrokerStartOptions } from '../adapter.ts';
import type { Placeholder } from '../configuration.ts';
import { FILES } from './configuration.ts';
import type { PreparedConfiguration } from './prepared.ts';

export class BrokerFiles {
  readonly #options: BrokerStartOptions;
  readonly #prepared: PreparedConfiguration;

  constructor(options: BrokerStartOptions, prepared: PreparedConfiguration) {
    this.#options = options;
    this.#prepared = prepared;
  }

  /** Main file of the configuration, relative to the work folder. */
  get main(): string {
    return path.join(FILES.folder, this.#prepared.configuration.main);
  }

  async write(): Promise<void> {
    const { server, deviceCaPem, crlPem } = this.#options;
    await makeFolders(this.#path(FILES.folder), 0o700);
    for (const [name, text] of this.#prepared.files) await this.#writeOwn(name, text);
    await this.#writeAuthorities(deviceCaPem);
    await this.#write(FILES.certificate, server.certificatePem);
    if (crlPem !== undefined) await this.#write(FILES.crl, crlPem);
  }

  /** Runs `read` while the private key is there. */
  async withKey<T>(read: () => Promise<T>): Promise<T> {
    const file = this.#path(FILES.privateKey);
    try {
      await writeFileAtomic(file, this.#options.server.privateKeyPem, 0o600);
      return await read();
    } finally {
      await rm(file, { force: true });
    }
  }

  async change({ deviceCaPem, crlPem, files = {}, principals }: BrokerChanges): Promise<void> {
    if (principals !== undefined) throw this.#lacks('no list of users');
    const names = Object.keys(files);
    const unknown = names.find((name) => !this.#prepared.files.has(name));
    if (unknown !== undefined) throw this.#lacks(`no file ${printable(unknown)}`);
    if (deviceCaPem !== undefined && !this.#uses('deviceCa') && !this.#uses('deviceAndOtherCa')) {
      throw this.#lacks('no {{deviceCa}}');
    }
    if (crlPem !== undefined && !this.#uses('crl')) throw this.#lacks('no {{crl}}');
    if (deviceCaPem !== undefined) await this.#writeAuthorities(deviceCaPem);
    if (typeof crlPem === 'string') await this.#write(FILES.crl, crlPem);
    if (crlPem === null) await rm(this.#path(FILES.crl), { force: true });
    for (const [name, text] of Object.entries(files)) {
      if (text === null) await rm(this.#path(path.join(FILES.folder, name)), { force: true });
      else await this.#writeOwn(name, this.#prepared.fill(name, text));
    }
  }

  /** The log and the configuration stay: they say how the evidence came about. */
  async remove(): Promise<void> {
    const { deviceCa, deviceAndOtherCa, certificate, privateKey, crl } = FILES;
    for (const name of [deviceCa, deviceAndOtherCa, certificate, privateKey, crl]) {
      await rm(this.#path(name), { force: true });
    }
  }

  async #writeAuthorities(deviceCaPem: string): Promise<void> {
    const { otherCaPem } = this.#options;
    await this.#write(FILES.deviceCa, deviceCaPem);
    if (otherCaPem === undefined) return;
    await this.#write(FILES.deviceAndOtherCa, `${deviceCaPem.trimEnd()}\n${otherCaPem}`);
  }

  /** For nobody else: it says the log's tag, and what its author wrote. */
  async #writeOwn(name: string, text: string): Promise<void> {
    await writeFileAtomic(this.#path(path.join(FILES.folder, name)), text, 0o600);
  }

  async #write(name: string, text: string): Promise<void> {
    await writeFileAtomic(this.#path(name), text);
  }

  #uses(placeholder: Placeholder): boolean {
    return this.#prepared.uses.has(placeholder);
  }

  #path(name: string): string {
    return path.join(this.#options.workFolder, name);
  }

  #lacks(what: string): UserError {
    return new UserError(EXIT.invalidInput, {
      file: this.#prepared.configuration.path,
      message: `the configuration has ${what} that could be changed`,
    });
  }
}
