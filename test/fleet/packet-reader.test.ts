/** Packets from the bytes of a connection, however TCP has cut them. */
import { describe, expect, test } from 'vitest';
import { DEVICE_PACKET_BYTES_MAX } from '../../src/core/limits.ts';
import { PacketReader } from '../../src/fleet/packet-reader.ts';

/** A PUBLISH by its first byte, of that many bytes in all, with a four-byte length. */
function packet(bytes: number, fill: number): Buffer {
  const made = Buffer.alloc(bytes, fill);
  let length = bytes - 5;
  made[0] = 0x30;
  for (let index = 1; index <= 4; index++) {
    made[index] = (length & 0x7f) | (index < 4 ? 0x80 : 0);
    length >>= 7;
  }
  return made;
}

function read(bytes: Buffer, chunkBytes: number): readonly Buffer[] {
  const reader = new PacketReader();
  const packets: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    reader.read(bytes.subarray(at, at + chunkBytes), (one) => packets.push(one));
  }
  return packets;
}

describe('packets', () => {
  const sent = [packet(5, 1), packet(300, 2), packet(6, 3), packet(70_000, 4), packet(40, 5)];

  test.each([1, 2, 3, 7, 64, 299, 4_096, 100_000])('are whole in chunks of %i bytes', (bytes) => {
    const got = read(Buffer.concat(sent), bytes);
    expect(got.map(({ length }) => length)).toEqual(sent.map(({ length }) => length));
    expect(Buffer.concat(got).equals(Buffer.concat(sent))).toBe(true);
  });

  test('of a firmware in small pieces are not copied again for each of them', () => {
    const [got] = read(packet(DEVICE_PACKET_BYTES_MAX, 9), 1_024);
    expect(got?.length).toBe(DEVICE_PACKET_BYTES_MAX);
  });
});
