/**
 * A client without any of a client's manners: one session, one frame per command, no retry, every answer kept. Shows
 * what a node itself answers.
 */
import assert from 'node:assert/strict';
import {
  type Answer,
  CLIENT_PATH,
  CLIENT_SUBPROTOCOL,
  type CommandInput,
  decodeNodeFrame,
  encodeArguments,
  encodeClientFrame,
} from '@quorate/wire';
import { poll } from '#src/spawn/index.ts';
import { RawSocket } from './raw-socket.ts';

const ANSWER_TIMEOUT_MS = 15_000;
const COMMAND_TIMEOUT_MS = 60_000;

export class RawClient {
  readonly #raw: RawSocket;
  /** By sequence. */
  readonly #answers = new Map<number, Answer>();
  #decoded = 0;
  #sequence = 1;
  #session = 0;

  private constructor(addr: string) {
    this.#raw = RawSocket.upgrade(addr, CLIENT_PATH, CLIENT_SUBPROTOCOL);
  }

  /** `version`: of the client protocol, the highest that it knows. With a `session` it opens none of its own. */
  static async open(addr: string, { version = 1, session = 0 } = {}): Promise<RawClient> {
    const client = new RawClient(addr);
    client.#raw.binary(
      encodeClientFrame({ kind: 'hello', versionMin: 1, versionMax: version, clientName: 'raw client' }),
    );
    client.#session = session;
    if (session !== 0) return client;
    client.#raw.binary(
      encodeClientFrame({
        kind: 'open-session',
        sequence: 1,
        timeoutMs: COMMAND_TIMEOUT_MS,
        noForward: false,
      }),
    );
    const answer = await client.answerTo(1);
    assert.ok(answer.kind === 'session', JSON.stringify(answer));
    client.#session = answer.session;
    return client;
  }

  get session(): number {
    return this.#session;
  }

  /** The sequence under which the answer will come. */
  send(...words: readonly (string | Uint8Array)[]): number {
    this.#sequence += 1;
    const bytes = encodeArguments(words.map((word) => Buffer.from(word)));
    this.sendAs(this.#sequence, { form: 'arguments', bytes });
    return this.#sequence;
  }

  /** One command in one frame, under that sequence. */
  sendAs(sequence: number, input: CommandInput): void {
    this.#raw.binary(
      encodeClientFrame({
        kind: 'request',
        session: this.#session,
        ackSequence: 1,
        consistency: 'linearizable',
        noForward: false,
        timeoutMs: COMMAND_TIMEOUT_MS,
        commands: [{ sequence, input }],
      }),
    );
  }

  /** All answers so far. */
  answers(): ReadonlyMap<number, Answer> {
    for (; this.#decoded < this.#raw.messages.length; this.#decoded++) {
      const frame = decodeNodeFrame(this.#raw.messages[this.#decoded] ?? new Uint8Array());
      if (frame.kind !== 'responses') continue;
      for (const answer of frame.answers) {
        assert.ok(!this.#answers.has(answer.sequence), `${answer.sequence} is answered twice`);
        this.#answers.set(answer.sequence, answer);
      }
    }
    return this.#answers;
  }

  answerTo(sequence: number): Promise<Answer> {
    return poll(
      () => this.answers().get(sequence),
      ANSWER_TIMEOUT_MS,
      () => new Error(`command ${sequence} has no answer`),
    );
  }

  leave(): void {
    this.#raw.leave();
  }
}
