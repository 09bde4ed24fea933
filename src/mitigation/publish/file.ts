/** Publishing to a file: one line of NDJSON per finding, with the signed text as it would be sent. */
import { appendFile } from 'node:fs/promises';
import { systemCode } from '../../core/errors.ts';
import { printable } from '../../core/text.ts';
import { type Channel, wrapped } from './channel.ts';

/** Only its owner may read it: findings name devices and addresses. */
const MODE = 0o600;

export function fileChannel(path: string): Channel {
  return {
    title: `the file ${printable(path, 400)}`,
    send: async (message) => {
      try {
        await appendFile(path, `${wrapped(message)}\n`, { mode: MODE });
        return { outcome: 'delivered', detail: 'appended' };
      } catch (error) {
        const code = systemCode(error);
        if (code === undefined) throw error;
        return { outcome: 'refused', detail: code };
      }
    },
  };
}
