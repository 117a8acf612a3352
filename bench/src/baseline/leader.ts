/**
 * The leader of the baseline. One turn of the event loop answers what a majority has made durable, cuts one batch
 * from everything that has come, sends it to both followers and appends it with one flush.
 *
 * This is the speed of light for a replicated log in Node on this machine: the same sockets, the same flushes on a
 * majority, the same batching, and nothing else. No ballots, no log that could be read again, no backend, no
 * recovery: it must not be used for anything but to be measured.
 *
 * Arguments: PORT FILE FLUSH_MODE RECORD_BYTES FOLLOWER_PORT FOLLOWER_PORT.
 */
import { giveHeapRoom } from 'quorate/spawn';
import type { WebSocket } from 'ws';
import { type FlushMode, openAppendFile } from './append-file.ts';
import { asBuffer, dial, encodeNumber, listen } from './link.ts';

giveHeapRoom();
const [port, path, mode, recordText, ...followerPorts] = process.argv.slice(2);
const recordBytes = Number(recordText);
const file = openAppendFile(String(path), mode as FlushMode);

type Waiter = { readonly socket: WebSocket; readonly count: number };
type Batch = { readonly number: number; readonly waiters: readonly Waiter[] };

const followers = await Promise.all(followerPorts.map((follower) => dial(Number(follower))));
/** Last batch that is durable here and at each follower. */
const durable = [0, ...followers.map(() => 0)];
let incoming: Buffer[] = [];
let waiters: Waiter[] = [];
let batches: Batch[] = [];
let unwritten: Buffer[] = [];
let cutNumber = 0;
let writing = false;
let turnDue = false;

followers.forEach((follower, index) => {
  follower.on('message', (data) => {
    durable[index + 1] = asBuffer(data).readUInt32LE(0);
    scheduleTurn();
  });
});

listen(Number(port), (socket) => {
  socket.on('message', (data) => {
    const commands = asBuffer(data);
    incoming.push(commands);
    waiters.push({ socket, count: commands.length / recordBytes });
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
  cut();
  append();
  answer();
}

function cut(): void {
  if (incoming.length === 0) return;
  cutNumber += 1;
  const batch = Buffer.concat([encodeNumber(cutNumber), ...incoming]);
  batches.push({ number: cutNumber, waiters });
  incoming = [];
  waiters = [];
  for (const follower of followers) follower.send(batch);
  unwritten.push(batch);
}

function append(): void {
  if (writing || unwritten.length === 0) return;
  const chunks = unwritten;
  const through = cutNumber;
  unwritten = [];
  writing = true;
  file.append(chunks, () => {
    writing = false;
    durable[0] = through;
    scheduleTurn();
  });
}

/** One message per connection for all of its commands that a majority has. */
function answer(): void {
  const chosen = [...durable].sort((a, b) => b - a)[Math.floor(durable.length / 2)] ?? 0;
  const counts = new Map<WebSocket, number>();
  let answered = 0;
  for (const batch of batches) {
    if (batch.number > chosen) break;
    answered += 1;
    for (const { socket, count } of batch.waiters) counts.set(socket, (counts.get(socket) ?? 0) + count);
  }
  if (answered > 0) batches = batches.slice(answered);
  for (const [socket, count] of counts) socket.send(encodeNumber(count));
}
