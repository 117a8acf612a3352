// The first bytes between two nodes: every greeting survives the way there and back, and no bytes at all can make
// the decoder do anything but give a greeting or refuse with a code.
import assert from 'node:assert/strict';
import { QuorateError } from '@quorate/wire';
import fc from 'fast-check';
import { checkHello, type LocalIdentity } from '#src/adapters/websocket/admission.ts';
import {
  decodeGreeting,
  encodeHello,
  encodeReady,
  encodeReject,
  type Hello,
} from '#src/adapters/websocket/hello.ts';
import { asNodeId } from '#src/ports/index.ts';
import { nodeId } from './harness.ts';
import { helloOf } from './strangers.ts';

const SELF: LocalIdentity = {
  clusterId: 'the-cluster',
  genesisDigest: 'the-genesis',
  node: nodeId(2),
  storageId: 'storage-2',
  incarnation: 1,
  backend: [
    ['backend', 'kv'],
    ['version', '15'],
  ],
};

const codeOf = (decode: () => unknown): string => {
  try {
    decode();
    return 'fine';
  } catch (error) {
    if (error instanceof QuorateError) return error.code;
    throw error;
  }
};

const name = fc.string({ unit: 'grapheme', maxLength: 40 });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const fields = {
  kind: fc.constant('hello' as const),
  versions: fc.record(
    { min: fc.constant(1), max: fc.integer({ min: 1, max: 65_535 }) },
    { noNullPrototype: true },
  ),
  clusterId: name,
  genesisDigest: name,
  from: u32.map(asNodeId),
  to: u32.map(asNodeId),
  storageId: name,
  incarnation: fc.maxSafeNat(),
  lane: fc.constantFrom('control' as const, 'bulk' as const),
  groups: fc.integer({ min: 0, max: 65_535 }),
  processNonce: name,
  attempt: fc.maxSafeNat(),
  backend: fc.array(fc.tuple(name, name), { maxLength: 5 }),
};
const hellos: fc.Arbitrary<Hello> = fc.record(fields, { noNullPrototype: true });

describe('greetings between nodes', () => {
  it('survive encoding and decoding', () => {
    fc.assert(fc.property(hellos, (hello) => assert.deepEqual(decodeGreeting(encodeHello(hello)), hello)));
    assert.deepEqual(decodeGreeting(encodeReady()), { kind: 'ready' });
    assert.deepEqual(decodeGreeting(encodeReject('WIRE_WRONG_NODE', 'no such node')), {
      kind: 'reject',
      code: 'WIRE_WRONG_NODE',
      message: 'no such node',
    });
  });

  it('are refused when cut short or followed by anything', () => {
    fc.assert(
      fc.property(hellos, fc.nat(), (hello, at) => {
        const whole = encodeHello(hello);
        assert.equal(
          codeOf(() => decodeGreeting(whole.subarray(0, at % whole.length))),
          'WIRE_MALFORMED',
        );
        assert.equal(
          codeOf(() => decodeGreeting(Uint8Array.of(...whole, 0))),
          'WIRE_MALFORMED',
        );
      }),
    );
  });

  it('give a greeting or a code for any bytes', () => {
    const mutated = fc
      .tuple(hellos, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }))
      .map(([hello, changes]) => {
        const bytes = encodeHello(hello);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), (bytes) => {
        assert.ok(['fine', 'WIRE_MALFORMED', 'WIRE_VERSION'].includes(codeOf(() => decodeGreeting(bytes))));
      }),
      { numRuns: 2000 },
    );
  });

  it('are refused by version before anything after the version is read', () => {
    const future = encodeHello(helloOf({ versions: { min: 2, max: 9 } }));
    assert.equal(
      codeOf(() => decodeGreeting(future.subarray(0, 9))),
      'WIRE_VERSION',
    );
    assert.equal(
      codeOf(() => decodeGreeting(future, { min: 1, max: 2 })),
      'fine',
    );
    assert.equal(
      codeOf(() => decodeGreeting(future, { min: 10, max: 11 })),
      'WIRE_VERSION',
    );
  });

  it('can carry a refusal that this build does not know', () => {
    const bytes = encodeReject('CLOSED', 'later');
    bytes.set([0xff, 0xff], 5);
    assert.deepEqual(decodeGreeting(bytes), { kind: 'reject', code: undefined, message: 'later' });
  });
});

describe('the comparison of two identities', () => {
  it('accepts the same cluster, the same members, the right node', () => {
    assert.equal(checkHello(helloOf(), SELF), undefined);
  });

  for (const [changes, code] of [
    [{ clusterId: 'another' }, 'WIRE_WRONG_CLUSTER'],
    [{ genesisDigest: 'another order' }, 'WIRE_WRONG_CLUSTER'],
    [{ groups: 2 }, 'WIRE_WRONG_CLUSTER'],
    [{ to: nodeId(3) }, 'WIRE_WRONG_NODE'],
  ] as const) {
    it(`refuses ${JSON.stringify(changes)} with ${code}`, () => {
      const refusal = checkHello(helloOf(changes), SELF);
      assert.equal(refusal?.code, code);
      assert.ok((refusal?.message ?? '').length > 20);
    });
  }
});
