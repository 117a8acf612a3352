/**
 * One client that sends every command twice, to two nodes at the same time and again until it is answered, all under
 * one session and sequence. It must take effect once, and all its answers must be equal, however late they come.
 *
 * Counters show it by their total; on a register `del` does, which answers the old value only the first time.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Random, streamOf } from '@quorate/core/protocol';
import type { Action, Content } from '@quorate/sim';
import {
  type Answer,
  decodeUtf8,
  ECHO_VERSION,
  encodeArguments,
  encodeUtf8,
  QuorateError,
  type Result,
  withCommand,
} from '@quorate/wire';
import { nowUs } from '../clock.ts';
import type { LoadPlan } from './plan.ts';
import { RawConnection } from './raw-connection.ts';
import type { Recorder } from './recorder.ts';

const GIVE_UP_US = 4_000_000;
const RESEND_MS = 300;
const POLL_MS = 5;
/** Between two commands: this client is here for its strangeness, not for its load. */
const PAUSE_MS = 40;
const KEY_LIFE_COMMANDS = 100;

export class TwiceSender {
  answeredTwice = 0;
  readonly #plan: LoadPlan;
  readonly #recorder: Recorder;
  readonly #random: Random;
  readonly #connections: readonly RawConnection[];
  /** By sequence: the first result, as text. Kept to the end, for answers that come late. */
  readonly #results = new Map<number, string | null>();
  readonly #commands = new Map<number, Uint8Array>();
  #session = 0;
  #sequence = 0;
  #sent = 0;

  constructor(plan: LoadPlan, recorder: Recorder) {
    this.#plan = plan;
    this.#recorder = recorder;
    this.#random = streamOf(plan.seed, `twice/${plan.site}`);
    // Of two connections to two nodes one may be told where the value lies and the other one the value: it is the same.
    this.#connections = plan.addrs.map(
      (addr, index) =>
        new RawConnection(addr, 1 + (index % ECHO_VERSION), (answer) => this.#onAnswer(answer)),
    );
  }

  async run(client: number): Promise<void> {
    await delay(Math.max(0, this.#plan.fromUs - nowUs()) / 1000);
    while (nowUs() < this.#plan.untilUs) {
      await delay(PAUSE_MS);
      if (this.#session === 0) {
        await this.#openSession();
        continue;
      }
      const { key, action } = this.#wish();
      await this.#recorder.record(client, key, action, () => this.#ask(key, action));
    }
    for (const connection of this.#connections) connection.close();
  }

  #wish(): { readonly key: string; readonly action: Action } {
    const { site, objects } = this.#plan;
    this.#sent += 1;
    const key = `twice-${site}-${Math.floor(this.#sent / KEY_LIFE_COMMANDS)}`;
    if (objects === 'all') return { key, action: { kind: 'inc', by: 1 } };
    return {
      key,
      action: this.#sent % 2 === 0 ? { kind: 'del' } : { kind: 'set', value: `${site}.twice.${this.#sent}` },
    };
  }

  async #openSession(): Promise<void> {
    this.#sequence += 1;
    const connection = this.#random.pick(this.#connections);
    const frame = {
      kind: 'open-session',
      sequence: this.#sequence,
      timeoutMs: 1000,
      noForward: false,
    } as const;
    if (!connection.send(frame)) return;
    const untilUs = nowUs() + 1_000_000;
    while (this.#session === 0 && nowUs() < untilUs) await delay(POLL_MS);
  }

  /** @throws TIMEOUT with outcome unknown; what was sent may still take effect, once */
  async #ask(key: string, action: Action): Promise<Content> {
    const sequence = ++this.#sequence;
    const untilUs = nowUs() + GIVE_UP_US;
    const bytes = argumentsOf(key, action);
    this.#commands.set(sequence, bytes);
    while (nowUs() < untilUs && this.#session !== 0) {
      for (const connection of this.#random.shuffle(this.#connections).slice(0, 2)) {
        connection.send({
          kind: 'request',
          session: this.#session,
          ackSequence: sequence - 1,
          consistency: 'linearizable',
          noForward: false,
          timeoutMs: RESEND_MS,
          commands: [{ sequence, input: { form: 'arguments', bytes } }],
        });
      }
      const resendUs = nowUs() + RESEND_MS * 1000;
      while (!this.#results.has(sequence) && nowUs() < resendUs) await delay(POLL_MS);
      const text = this.#results.get(sequence);
      if (text !== undefined) return action.kind === 'inc' ? Number(text) : text;
    }
    throw new QuorateError('TIMEOUT', 'no answer to a command that was sent twice');
  }

  #onResult(sequence: number, result: Result): void {
    const text = textOf(result);
    const known = this.#results.get(sequence);
    if (known === undefined) this.#results.set(sequence, text);
    else if (known === text) this.answeredTwice += 1;
    else
      this.#recorder.find(
        `SESSION-ONCE: sequence ${sequence} of session ${this.#session} was answered ${known} and ${text}`,
      );
  }

  #onAnswer(answer: Answer): void {
    switch (answer.kind) {
      case 'session':
        this.#session = answer.session;
        return;
      case 'error':
        if (answer.code === 'SESSION_EXPIRED') this.#session = 0;
        return;
      case 'result':
        return this.#onResult(answer.sequence, answer.result);
      case 'echo': {
        const { sequence } = answer;
        const result = withCommand(answer, this.#commands.get(sequence) ?? new Uint8Array(0));
        if (result !== undefined) this.#onResult(sequence, result);
        else
          this.#recorder.find(`REPLY-TRUTH: sequence ${sequence} was answered by an echo of what it is not`);
        return;
      }
      default:
        return answer satisfies never;
    }
  }
}

function argumentsOf(key: string, action: Action): Uint8Array {
  const words = action.kind === 'set' ? ['SET', key, action.value] : [action.kind.toUpperCase(), key];
  return encodeArguments(words.map(encodeUtf8));
}

function textOf(result: Result): string | null {
  if (!result.ok) return `refused: ${result.code}`;
  return result.value === null ? null : decodeUtf8(result.value);
}
