/** Mutants of frames: what a decoder believes. */
import type { Mutant } from '../mutant.ts';
import { peerDecoder, testsOf } from './hunts.ts';
import { peerWire, wire } from './places.ts';

export const WIRE_MUTANTS: readonly Mutant[] = [
  {
    id: 'oversize-frame-allocated',
    wrong:
      'Memory is taken by a length from the wire before anybody has looked whether so many bytes are there.',
    seen: 'ws CVE-2024-37890 and decoders that allocate by a length field',
    patches: [
      wire(
        'bytes.ts',
        `return this.raw(length);`,
        `const copy = new Uint8Array(length);\n        copy.set(this.raw(length));\n        return copy;`,
      ),
    ],
    hunt: peerDecoder,
  },
  {
    id: 'frame-bound-ignored',
    wrong: 'A frame is read whatever its length.',
    seen: 'etcd and others: one large request stops a member',
    patches: [peerWire('frame.ts', `if (frame.length > limits.maxFrameBytes) {`, `if (frame.length < 0) {`)],
    hunt: peerDecoder,
  },
  {
    id: 'frame-checksum-ignored',
    wrong: 'A frame is read although its checksum does not fit.',
    seen: 'the TCP checksum lets one damaged segment in many through; S3 2008: one flipped bit in gossip',
    patches: [
      peerWire(
        'frame.ts',
        `if (checksum(frame.subarray(CHECKED_OFFSET)) >>> 0 !== expected) {`,
        `if (expected < 0) {`,
      ),
    ],
    hunt: peerDecoder,
  },
  {
    id: 'group-not-checked',
    wrong: 'A frame of another group is taken for one of ours.',
    seen: 'ArcadeDB 4824: one applied index for several databases',
    patches: [peerWire('frame.ts', `if (group !== limits.group) {`, `if (group < 0) {`)],
    hunt: peerDecoder,
  },
  {
    id: 'slot-order-not-checked',
    wrong: 'A page whose slots do not rise is accepted.',
    seen: 'ZooKeeper 4925: a hole came in over the wire',
    patches: [peerWire('fields.ts', `if (slot <= previous)`, `if (slot < 0)`)],
    hunt: peerDecoder,
  },
  {
    id: 'trailing-bytes-ignored',
    wrong: 'Bytes behind the end of a message are skipped, so two versions can disagree without noticing.',
    seen: 'etcd 13514: members of two versions read each other differently',
    patches: [wire('bytes.ts', `if (this.remaining !== 0)`, `if (this.remaining < 0)`)],
    hunt: testsOf('decoder fuzz', 'wire', 'frames.test.js', 'bytes.test.js'),
  },
];
