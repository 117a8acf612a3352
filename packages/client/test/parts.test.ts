/**
 * The parts of the client that need no connection: endpoints, options, back-off, deadlines, the table of verdicts.
 */
import assert from 'node:assert/strict';
import { createClient, parseEndpoints, QuorateError } from '@quorate/client';
import { ERRORS, type ErrorCode } from '@quorate/wire';
import fc from 'fast-check';
import { Backoff } from '#src/backoff.ts';
import { PlaceList } from '#src/place-list.ts';
import { verdictOn } from '#src/verdict.ts';

const isArgument = (error: unknown): boolean =>
  error instanceof QuorateError && error.code === 'ARGUMENT' && error.outcome === 'none';

describe('endpoints', () => {
  it('are read from a URL, a comma list and a list, in order and once each', () => {
    const expected = ['a:1', 'b.example:2', '[::1]:3'];
    assert.deepEqual(parseEndpoints('quorate://a:1,b.example:2,[::1]:3'), expected);
    assert.deepEqual(parseEndpoints(' a:1, b.example:2 ,[::1]:3,a:1 '), expected);
    assert.deepEqual(parseEndpoints(['quorate://a:1/', 'b.example:2,[::1]:3']), expected);
  });

  it('that cannot be read are refused with the text that is wrong', () => {
    for (const bad of [
      '',
      ' , ',
      'a',
      'a:0',
      'a:65536',
      'http://a:1',
      'a:1/path',
      '::1:80',
      'a b:1',
      'quorate://',
      ':7',
    ]) {
      assert.throws(() => parseEndpoints(bad), isArgument, `"${bad}" was accepted`);
    }
  });
});

describe('options', () => {
  it('that make no sense are refused at once, by name', () => {
    const endpoints = '127.0.0.1:1';
    const bad: readonly (readonly [string, object])[] = [
      ['maxInFlight', { maxInFlight: 4097 }],
      ['maxInFlight', { maxInFlight: 0 }],
      ['timeoutMs', { timeoutMs: 1.5 }],
      ['timeoutMs', { timeoutMs: Number.NaN }],
      ['maxRedirects', { maxRedirects: -1 }],
      ['clientName', { clientName: 'é'.repeat(129) }],
      ['maxInflight', { maxInflight: 10 }],
    ];
    for (const [name, options] of bad) {
      assert.throws(
        () => createClient({ endpoints, ...options }),
        (error) => isArgument(error) && String(error).includes(name),
        JSON.stringify(options),
      );
    }
  });
});

describe('back-off', () => {
  it('stays between half and the whole of a doubling delay, below its cap', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.integer({ min: 0, max: 50 }),
        (random, tries) => {
          const backoff = new Backoff(10, 250, () => random);
          for (let attempt = 0; attempt < tries; attempt++) {
            const whole = Math.min(250, 10 * 2 ** attempt);
            const delayMs = backoff.next();
            assert.ok(delayMs >= whole / 2 && delayMs <= whole, `attempt ${attempt} waits ${delayMs} ms`);
          }
          backoff.reset();
          assert.ok(backoff.next() <= 10);
        },
      ),
    );
  });
});

describe('places', () => {
  const welcome = (clusterId: string, addrs: readonly string[]) =>
    ({
      kind: 'welcome',
      version: 1,
      clusterId,
      node: 1,
      backend: 'kv',
      addrs,
      leader: 0,
      maxCommandBytes: 1,
    }) as const;

  it('come round and round, given ones first, then those that nodes told us', () => {
    const places = new PlaceList(['a:1', 'b:2']);
    assert.equal(places.onWelcome('a:1', welcome('c', ['a:1', 'x:9', 'not an address'])), undefined);
    assert.deepEqual(
      [places.next(), places.next(), places.next(), places.next()],
      ['a:1', 'b:2', 'x:9', 'a:1'],
    );
    assert.equal(places.next('b:2'), 'x:9');
    assert.equal(places.addrOf(2), 'x:9');
    assert.equal(places.addrOf(3), undefined);
  });

  it('give the only place even when another one is wanted', () => {
    assert.equal(new PlaceList(['a:1']).next('a:1'), 'a:1');
  });

  it('belong to one cluster', () => {
    const places = new PlaceList(['a:1', 'b:2']);
    places.onWelcome('a:1', welcome('ours', []));
    assert.equal(places.onWelcome('b:2', welcome('theirs', []))?.code, 'WIRE_WRONG_CLUSTER');
  });
});

describe('verdicts', () => {
  it('never retry a refusal that is final, and never reject weather that passes', () => {
    const surfaced: readonly ErrorCode[] = ['CANNOT_CONNECT', 'ABORTED', 'REDIRECTED_TOO_OFTEN'];
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      const isRejected = verdictOn(code) === 'reject';
      if (code === 'SESSION_EXPIRED') assert.equal(verdictOn(code), 'new-session');
      else if (surfaced.includes(code)) assert.ok(isRejected, `${code} is not for a node to say`);
      else assert.equal(isRejected, !ERRORS[code].retryable, code);
    }
  });
});
