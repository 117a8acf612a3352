/**
 * A follower of the baseline: appends what the leader sends with one flush for all that has come, and acknowledges
 * the last batch of it.
 *
 * Arguments: PORT FILE FLUSH_MODE.
 */
import { giveHeapRoom } from 'quorate/spawn';
import type { WebSocket } from 'ws';
import { type FlushMode, openAppendFile } from './append-file.ts';
import { asBuffer, encodeNumber, listen } from './link.ts';

giveHeapRoom();
const [port, path, mode] = process.argv.slice(2);
const file = openAppendFile(String(path), mode as FlushMode);

let leader: WebSocket | undefined;
let pending: Buffer[] = [];
let lastBatch = 0;
let writing = false;
let turnDue = false;

listen(Number(port), (socket) => {
  leader = socket;
  socket.on('message', (data) => {
    const batch = asBuffer(data);
    lastBatch = batch.readUInt32LE(0);
    pending.push(batch);
    scheduleTurn();
  });
});

function scheduleTurn(): void {
  if (turnDue) return;
  turnDue = true;
  setImmediate(turn);
}

function turn(): void {
  turnDue = false;
  if (writing || pending.length === 0) return;
  const through = lastBatch;
  const chunks = pending;
  pending = [];
  writing = true;
  file.append(chunks, () => {
    writing = false;
    leader?.send(encodeNumber(through));
    if (pending.length > 0) scheduleTurn();
  });
}
