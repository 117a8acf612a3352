// A snapshot of the bank: lines of JSON in chunks, the framework's part first, a hash of everything at the end.
import { createHash } from 'node:crypto';
import { decodeUtf8, encodeUtf8 } from '@quorate/wire';

const CHUNK_CHARACTERS = 64 * 1024;

/** @param view as `Ledger.openView` gives it */
export async function* writeSnapshot(view) {
  const hash = createHash('sha256');
  const { deposited = 0, image = new Uint8Array(0) } = view.framework ?? {};
  let text = `${JSON.stringify({ deposited, image: Buffer.from(image).toString('hex') })}\n`;
  for (const { name, balance } of view.accounts()) {
    text += `${JSON.stringify([name, balance])}\n`;
    if (text.length < CHUNK_CHARACTERS) continue;
    hash.update(text);
    yield encodeUtf8(text);
    text = '';
  }
  hash.update(text);
  yield encodeUtf8(`${text}${hash.digest('hex')}`);
}

/** All of it, checked before anything is used. @throws Error when it is not a whole snapshot */
export async function readSnapshot(chunks) {
  const parts = [];
  for await (const chunk of chunks) parts.push(chunk.slice());
  const bytes = Buffer.concat(parts);
  const body = bytes.subarray(0, Math.max(0, bytes.length - 64));
  const stored = decodeUtf8(bytes.subarray(body.length));
  if (createHash('sha256').update(body).digest('hex') !== stored)
    throw new Error('the snapshot is damaged or not whole');
  const [first = '', ...lines] = decodeUtf8(body).trimEnd().split('\n');
  const { deposited, image } = JSON.parse(first);
  return { deposited, image: Buffer.from(image, 'hex'), accounts: lines.map((line) => JSON.parse(line)) };
}
