/** One address, one text, so that both sides' records of it are equal. Pure. */

/** A dual-stack socket shows `::ffff:127.0.0.1` where another shows `127.0.0.1`. */
export function plainAddress(ip: string): string {
  return ip.includes(':') ? ip.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '') : ip;
}
