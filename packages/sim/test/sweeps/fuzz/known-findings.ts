/** Inputs that were findings once. They are refused now, and tried first for ever. */
import { encodeUtf8 } from '@quorate/wire';

export type KnownFinding = { readonly target: string; readonly what: string; readonly input: Uint8Array };

export const KNOWN_FINDINGS: readonly KnownFinding[] = [
  {
    target: 'config',
    what: 'mappings in one line, nested deeper than the stack: the error of the engine came out',
    input: encodeUtf8(`addrs: [127.0.0.1:1]\nbackendOptions: {x: ${'y: '.repeat(1900)}{z: [1]}}\n`),
  },
  {
    target: 'config',
    what: 'lists nested deeper than the stack',
    input: encodeUtf8(`addrs: [127.0.0.1:1]\nbackendOptions: ${'['.repeat(9000)}`),
  },
  {
    target: 'simple-snapshot',
    what: 'a right fingerprint over a state that cannot be read: not said to be an unusable snapshot',
    input: Buffer.from(
      '51425331010007000000636f756e7465720000000000408f4001010000006300000000000000000000f03f1000000030303030303030303030303030303031010000000c00000073657373696f6e2f6865616402000000010202000000010100000035010200000031303600000009020000000505000000746f7461ffff000000000000244005050000006e616d65730b0100000005010000006104000000000000f03f1000000037636635363065666232336338613066',
      'hex',
    ),
  },
];
