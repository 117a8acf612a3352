/**
 * Small files that people can read: one line of JSON and, on a second line, its checksum.
 */
import { crc32 } from 'node:zlib';

export function sealText(content: unknown): Buffer {
  const line = JSON.stringify(content);
  return Buffer.from(`${line}\n${checksumOf(line)}\n`);
}

/** Undefined when the bytes are not what was written. What follows the second line does not count. */
export function openSealedText(bytes: Buffer): unknown {
  const [line = '', checksum] = bytes.toString('utf8').split('\n', 2);
  if (line === '' || checksum !== checksumOf(line)) return undefined;
  return JSON.parse(line);
}

function checksumOf(line: string): string {
  return crc32(line).toString(16).padStart(8, '0');
}
