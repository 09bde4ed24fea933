/**
 * The two packages that only the engine needs, so that whoever does not use it need not install
 * them. The only file that loads them.
 */
import { EXIT, systemCode, UserError } from '../core/errors.ts';

/** BullMQ. Throws a `UserError` (69) when it is not installed. */
export function bullmq(): Promise<typeof import('bullmq')> {
  return loaded(import('bullmq'));
}

/** The client of Redis. Throws a `UserError` (69) when it is not installed. */
export function ioredis(): Promise<Pick<typeof import('ioredis'), 'Redis'>> {
  return loaded(import('ioredis'));
}

async function loaded<Library>(loading: Promise<Library>): Promise<Library> {
  try {
    return await loading;
  } catch (error) {
    if (systemCode(error) !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new UserError(EXIT.unavailable, {
      message: 'the engine needs the packages bullmq and ioredis, which are not installed',
      hint: 'install them beside doppelfleet: npm install bullmq ioredis',
    });
  }
}
