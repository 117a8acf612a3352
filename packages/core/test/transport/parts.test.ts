// The small pure parts of the network rim: back-off, silence, the text of a close frame, counters, the real clock.
import assert from 'node:assert/strict';
import { QuorateError } from '@quorate/wire';
import fc from 'fast-check';
import { SYSTEM_CLOCK } from '#src/adapters/system-clock.ts';
import { reconnectDelayMs } from '#src/adapters/websocket/backoff.ts';
import { closeReason, printable } from '#src/adapters/websocket/close-codes.ts';
import { Counters } from '#src/adapters/websocket/counters.ts';
import { createWebSocketTransport } from '#src/adapters/websocket/index.ts';
import { SILENT_CHECKS, SilenceMeter } from '#src/adapters/websocket/silence.ts';
import { nodeId } from './harness.ts';

describe('back-off', () => {
  it('doubles up to its maximum, and jitter takes away at most half', () => {
    const bounds = { reconnectMinMs: 20, reconnectMaxMs: 1000 };
    const full = Array.from({ length: 8 }, (_, failures) => reconnectDelayMs(failures, 1, bounds));
    assert.deepEqual(full, [20, 40, 80, 160, 320, 640, 1000, 1000]);
    fc.assert(
      fc.property(
        fc.nat(10_000),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (failures, random) => {
          const delayMs = reconnectDelayMs(failures, random, bounds);
          assert.ok(delayMs >= 10 && delayMs <= 1000, String(delayMs));
        },
      ),
    );
  });
});

describe('the silence meter', () => {
  it('counts checks in a row without a new byte, and starts over with each', () => {
    const meter = new SilenceMeter();
    const seen = [0, 0, 0, 5, 5, 5, 5, 5, 6].map((bytesRead) => meter.check(bytesRead));
    assert.deepEqual(seen, [0, 1, 2, 0, 1, 2, 3, SILENT_CHECKS, 0]);
  });
});

describe('the text of a close frame', () => {
  it('fits, is a beginning of the text, and ends with a whole character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        const kept = closeReason(text);
        assert.ok(Buffer.byteLength(kept) <= 123);
        assert.ok(text.startsWith(kept));
        assert.ok(!kept.includes('\uFFFD') || text.includes('\uFFFD'));
        if (Buffer.byteLength(text) <= 123) assert.equal(kept, text);
      }),
    );
  });

  it('is one printable line when it came from a stranger', () => {
    assert.equal(printable('a\r\nb\u001b[31mc\u0000'), 'a b [31mc ');
  });
});

describe('counters', () => {
  it('give a copy by name', () => {
    const counters = new Counters();
    counters.add('frames');
    const before = counters.snapshot();
    counters.add('frames', 4);
    assert.deepEqual([before, counters.snapshot()], [{ frames: 1 }, { frames: 5 }]);
  });
});

describe('the addresses of peers', () => {
  const create = (peers: readonly (readonly [number, string])[]): unknown =>
    createWebSocketTransport({
      identity: {
        clusterId: 'c',
        genesisDigest: 'g',
        node: nodeId(1),
        storageId: 's',
        incarnation: 1,
        backend: [],
      },
      peers: peers.map(([node, address]) => ({ node: nodeId(node), address })),
      admitPeer: () => ({ ok: true }),
      onDisowned: () => undefined,
      clock: SYSTEM_CLOCK,
    });

  it('must be of the form host:port and name each other node once', () => {
    create([
      [2, '127.0.0.1:4002'],
      [3, '[::1]:4003'],
      [4, 'db-4.example:4004'],
    ]);
    for (const peers of [
      [[2, 'not an address']],
      [[1, 'a:1']],
      [
        [2, 'a:1'],
        [2, 'b:1'],
      ],
    ] as const) {
      assert.throws(
        () => create(peers),
        (error) => error instanceof QuorateError && error.code === 'CONFIG_INVALID',
      );
    }
  });
});

describe('the system clock', () => {
  it('never fires a timer early', async () => {
    for (const delayMs of [0, 0.4, 1, 1.7, 3, 12.3]) {
      const startedMs = SYSTEM_CLOCK.monotonicMs();
      await new Promise<void>((resolve) => SYSTEM_CLOCK.after(delayMs, resolve));
      assert.ok(SYSTEM_CLOCK.monotonicMs() - startedMs >= delayMs, `${delayMs} ms`);
    }
  });

  it('does not fire a cancelled timer, and runs what is soon after what is ready', async () => {
    const order: string[] = [];
    SYSTEM_CLOCK.after(1, () => order.push('cancelled')).cancel();
    SYSTEM_CLOCK.soon(() => order.push('soon'));
    void Promise.resolve().then(() => order.push('ready'));
    await new Promise<void>((resolve) => SYSTEM_CLOCK.after(5, resolve));
    assert.deepEqual(order, ['ready', 'soon']);
  });

  it('tells wall time in milliseconds since 1970', () => {
    assert.ok(Math.abs(SYSTEM_CLOCK.wallMs() - Date.now()) < 1000);
  });
});
