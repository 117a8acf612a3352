/** Mutants of the runtime: between the pure core on one side and disk and clients on the other. */
import type { Mutant } from '../mutant.ts';
import { engineTests, testsOf } from './hunts.ts';
import { protocol, runtime, server } from './places.ts';

const durable = engineTests('durable');
const once = engineTests('once');
const reads = engineTests('reads');
const truth = engineTests('truth');

export const RUNTIME_MUTANTS: readonly Mutant[] = [
  {
    id: 'spoken-before-flushed',
    wrong: 'Writes count as durable when they are handed to the journal, not when the flush is over.',
    seen: 'NATS 2.12.1 and MongoDB (Jepsen): acknowledged before the disk has it',
    patches: [
      runtime(
        'persister.ts',
        `this.#journal.append(writes, (error) => this.#done(through, error));`,
        `this.#journal.append(writes, (error) => error !== undefined && this.#done(through, error));
        this.#done(through, undefined);`,
      ),
    ],
    hunt: durable,
  },
  {
    id: 'outbox-does-not-wait',
    wrong: 'Messages leave at once, whatever write they name.',
    seen: 'TigerBeetle pull request 861: prepare_ok was sent before the view was durable',
    patches: [
      runtime(
        'outbox.ts',
        `if (message.after <= durable)`,
        `if (message.after <= durable || message.after > 0)`,
      ),
    ],
    hunt: durable,
  },
  {
    id: 'heartbeat-behind-bulk',
    wrong: 'Heartbeats share a connection with values, and a leader under load is taken for dead.',
    seen: 'etcd and Consul: heartbeats starved by snapshots and large appends',
    patches: [
      protocol(
        'effects.ts',
        `case 'accept':\n case 'accepted':`,
        `case 'heartbeat':\n case 'heartbeat-echo':\n case 'accept':\n case 'accepted':`,
      ),
    ],
    hunt: durable,
  },
  {
    id: 'answer-by-slot',
    wrong: 'Whoever waits for a slot is answered with what was chosen there, his own command or not.',
    seen: 'paxuby: success is decided by the position, duplicates by comparing values',
    patches: [
      runtime(
        'proposals.ts',
        `if (value.kind === 'batch' && value.bytes === batch.bytes)`,
        `if (value.kind === 'batch')`,
      ),
      runtime(
        'proposals.ts',
        `const { queued, inFlight } = this.#batcher.abandon();`,
        `const [queued, inFlight] = [[], []];`,
      ),
    ],
    hunt: truth,
  },
  {
    id: 'lost-leadership-said-as-none',
    wrong: 'What was under way when leadership was lost is reported as not executed.',
    seen: 'paxuby: "not leader" also means "no quorum"; etcd and Consul clients that retry without a session',
    patches: [runtime('proposals.ts', `inFlight.forEach(loseWaiter);`, `inFlight.forEach(refuseWaiter);`)],
    hunt: truth,
  },
  {
    id: 'lost-forward-said-as-none',
    wrong: 'A follower reports as not executed what it had passed on to a leader that is gone.',
    seen: 'the same, one hop further: RedisRaft and rqlite with forwarding',
    patches: [
      runtime(
        'forwarder.ts',
        `errorAnswer(sequence, 'LEADERSHIP_LOST', 'the leader that had`,
        `errorAnswer(sequence, 'NO_LEADER', 'the leader that had`,
      ),
    ],
    hunt: truth,
  },
  {
    id: 'expired-but-proposed',
    wrong: 'A command that waited too long is reported as not executed, and then proposed.',
    seen: 'time-outs that are answered beside the queue instead of by it',
    patches: [
      runtime('batcher.ts', `this.#sealed = this.#sealed.filter((chunk) => chunk.deadlineMs >= nowMs);`, ``),
    ],
    hunt: truth,
  },
  {
    id: 'queue-without-cap',
    wrong: 'Commands are queued whatever the queue holds already.',
    seen: 'TigerBeetle on metastable failures (June 2025): everything has a limit',
    patches: [
      runtime('batcher.ts', `return this.queuedBytes + bytes <= this.#maxQueuedBytes;`, `return bytes >= 0;`),
    ],
    hunt: truth,
  },
  {
    id: 'dedupe-by-value',
    wrong: 'A command that equals the one before it is taken for its repetition.',
    seen: 'paxuby: duplicates are detected by the value, and answered with an empty result',
    patches: [
      runtime(
        'slot-plan.ts',
        `const admissions = [];
    sessions.acknowledge(group.session, group.ackSequence);
    for (const { sequence, bytes } of group.commands) {
        const admission = sessions.admit(group.session, sequence, group.ackSequence);`,
        `const admissions = [];
    let last;
    sessions.acknowledge(group.session, group.ackSequence);
    for (const { sequence, bytes } of group.commands) {
        const isSame = last !== undefined && Buffer.from(bytes).equals(last);
        last = bytes;
        const admission = isSame
          ? { kind: 'repeated', ordinal: commands.length - 1 }
          : sessions.admit(group.session, sequence, group.ackSequence);`,
      ),
    ],
    hunt: once,
  },
  {
    id: 'session-skipped',
    wrong: 'The session table is asked and not obeyed: a repeated command is given to the store again.',
    seen: 'hashicorp/raft, etcd, openraft: no sessions, a retried command executes twice',
    patches: [
      runtime(
        'session-table.ts',
        `if (session.kept.begin(sequence, this.#executingSequences.length)) {`,
        `if (session.kept.begin(sequence, this.#executingSequences.length) || !session.kept.isPending(sequence)) {`,
      ),
    ],
    hunt: once,
  },
  {
    id: 'frame-memory-kept',
    wrong: 'Values are views into the frame they came in, and the socket uses that memory again.',
    seen: 'pooled buffers in every language: what was accepted changes afterwards',
    patches: [
      runtime(
        'own-bytes.ts',
        `{ ...value, bytes: new Uint8Array(value.bytes) }`,
        `{ ...value, bytes: value.bytes.subarray(0) }`,
      ),
    ],
    hunt: once,
  },
  {
    id: 'read-before-applied',
    wrong: 'A read with a confirmed slot is served at once, whether the store has got that far or not.',
    seen: 'TiKV and etcd: read index without waiting for the applied index',
    patches: [
      runtime(
        'applier.ts',
        `else if (!this.#busy && query.slot <= this.#mark.slot)`,
        `else if (query.slot <= this.#source.target)`,
      ),
    ],
    hunt: reads,
  },
  {
    id: 'every-read-is-stale',
    wrong: 'Reads are answered from what this node has, whatever was asked for.',
    seen: 'pocdb, consens, and the "default" consistency of Consul',
    patches: [
      runtime(
        'command-desk.ts',
        `if (frame.consistency === 'stale')\n this.#reads`,
        `if (frame.commands.length > 0)\n this.#reads`,
      ),
    ],
    hunt: reads,
  },
  {
    id: 'wipe-and-vote',
    wrong: 'A node that comes back with an empty directory is admitted under its old name and votes.',
    seen: 'redisraft 2, openraft pull request 2002, RethinkDB 2.2.3; paxuby tests that it works',
    patches: [
      server(
        'peer-book.ts',
        `if (known !== undefined && known.storageId !== storageId) {`,
        `if (known !== undefined && known.storageId.length !== storageId.length) {`,
      ),
    ],
    hunt: testsOf('peer book', 'core', 'server/peer-book.test.js'),
  },
  {
    id: 'old-backup-votes',
    wrong: 'A node that comes back with an older copy of its directory is admitted.',
    seen: 'camunda pull request 30290, etcd 6982: a restored backup forgot what it had promised',
    patches: [
      server(
        'peer-book.ts',
        `if (known !== undefined && incarnation < known.incarnation) {`,
        `if (known !== undefined && incarnation < 0) {`,
      ),
      server(
        'peer-book.ts',
        `if (processNonce === known.processNonce)`,
        `if (processNonce === known.processNonce || incarnation < known.incarnation)`,
      ),
    ],
    hunt: testsOf('peer book', 'core', 'server/peer-book.test.js'),
  },
  {
    id: 'copied-directory-votes',
    wrong: 'A copy of a directory that was started as often as the original is admitted in its place.',
    seen: 'cloned virtual machines and restored volumes: two members with one identity',
    patches: [
      server('peer-book.ts', `if (processNonce === known.processNonce)`, `if (processNonce !== undefined)`),
    ],
    hunt: testsOf('peer book', 'core', 'server/peer-book.test.js'),
  },
  {
    id: 'stops-before-it-has-answered',
    wrong: 'A follower that stops leaves those without an answer whose commands it passed on to the leader.',
    seen: 'rolling restarts that count as lost connections',
    patches: [runtime('engine.ts', `this.#forwarder.count === 0`, `this.#forwarder.count >= 0`)],
    hunt: engineTests('truth'),
  },
];
