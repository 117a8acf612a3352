/**
 * A client in the simulated world: it speaks the product's frames, keeps a session over connections and nodes, asks
 * again under the same sequence after a lost answer, follows redirects, and writes down what it was told.
 *
 * Ref: docs/protocol.md for what a client may conclude from an answer. Its verdict on every request is one of three:
 * done, none (certainly not executed), unknown.
 */
import { type NodeId, type Random, streamOf } from '@quorate/core/protocol';
import { type Answer, type ClientFrame, withCommand } from '@quorate/wire';
import { ClientPlace } from './client-place.ts';
import type { ClientWorld } from './client-world.ts';
import { type Ending, type Operation, ownResult, type Request } from './operation.ts';

type AnswerOf<Kind extends Answer['kind']> = Extract<Answer, { kind: Kind }>;

export class SimClient {
  readonly id: number;
  readonly #world: ClientWorld;
  readonly #random: Random;
  /** Not ended, by sequence, in the order in which they began. */
  readonly #requests: Map<number, Request> = new Map();
  #session = 0;
  /** Sequence of the request that opens a session; 0: none. */
  #opening = 0;
  /** Tries to open a session since the last one was given. */
  #openings = 0;
  #nextSequence = 1;
  readonly #place: ClientPlace;
  #isInsistent = false;

  constructor(id: number, world: ClientWorld) {
    this.id = id;
    this.#world = world;
    this.#random = streamOf(world.seed, `client/${id}`);
    this.#place = new ClientPlace(id, world, this.#random, {
      onReady: () => this.#onReady(),
      onFrame: (frame) => {
        if (frame.kind === 'responses') this.#onAnswers(frame.answers);
      },
      onLost: () => this.#onLost(),
    });
  }

  get pending(): number {
    return this.#requests.size;
  }

  /** For people: what it still waits for. */
  describePending(): string {
    const waiting = [...this.#requests.values()].map(
      ({ sequence, state, attempts, operation, lastCode }) =>
        `${operation.access} ${sequence} ${state} after ${attempts} attempts${lastCode === undefined ? '' : `, last refusal ${lastCode}`}`,
    );
    return `client ${this.id} at ${this.#place.node === undefined ? 'no node' : `node ${this.#place.node}`}: ${waiting.join(', ')}`;
  }

  /** Asks now and then until `isOver`. */
  run(isOver: () => boolean): void {
    const { thinkMs, lanes, closesSessionChance } = this.#world.profile.clients;
    this.#world.scheduler.after(thinkMs * 2 * this.#random.fraction(), () => {
      if (isOver()) return;
      if (this.#requests.size === 0 && this.#random.chance(closesSessionChance)) this.#closeSession();
      else if (this.#requests.size < lanes) this.#askAnything();
      this.run(isOver);
    });
  }

  ask(operation: Operation, deadlineMs: number = this.#world.profile.clients.deadlineMs): Request {
    const { profile, scheduler } = this.#world;
    const stale = operation.access === 'read' && this.#random.chance(profile.clients.staleShare);
    const request: Request = {
      id: this.#world.nextRequestId(),
      client: this.id,
      lane: this.#freeLane(),
      operation,
      sequence: this.#nextSequence++,
      consistency: stale ? 'stale' : 'linearizable',
      beganMs: scheduler.nowMs,
      floorSlot: this.#world.highestLearned(),
      deadlineMs: scheduler.nowMs + deadlineMs,
      session: 0,
      attempts: 0,
      state: 'waiting',
      sentMs: 0,
      mayBeExecuted: false,
      endedMs: 0,
      ending: undefined,
      lastCode: undefined,
    };
    this.#requests.set(request.sequence, request);
    if (Number.isFinite(deadlineMs)) scheduler.after(deadlineMs, () => this.#giveUp(request));
    this.#pump();
    return request;
  }

  /** From now on it takes no refusal for an end, and its frames are whole. */
  insist(): void {
    this.#isInsistent = true;
  }

  #askAnything(): void {
    const operation = this.#world.draw(this.#random);
    if (operation !== undefined) this.ask(operation);
  }

  #freeLane(): number {
    const taken = new Set([...this.#requests.values()].map(({ lane }) => lane));
    let lane = 0;
    while (taken.has(lane)) lane += 1;
    return lane;
  }

  /** Sends what can be sent. */
  #pump(): void {
    if (this.#requests.size === 0 || !this.#place.ensure()) return;
    const waiting = [...this.#requests.values()].filter(({ state }) => state === 'waiting');
    const needsSession = waiting.some(({ operation }) => operation.access === 'write');
    if (needsSession && this.#session === 0) this.#openSession();
    const ready = waiting.filter((request) => this.#bind(request));
    for (const consistency of ['linearizable', 'stale'] as const) {
      const sessions = new Set(ready.map(({ session }) => session));
      for (const session of sessions)
        this.#send(
          ready.filter((request) => request.session === session && request.consistency === consistency),
        );
    }
  }

  /** Gives the request its session; one that may have been executed keeps the one under which that was. */
  #bind(request: Request): boolean {
    if (request.operation.access === 'read') return true;
    if (!request.mayBeExecuted) request.session = this.#session;
    return request.session !== 0;
  }

  #send(requests: readonly Request[]): void {
    const [first] = requests;
    if (first === undefined) return;
    const { scheduler, profile } = this.#world;
    for (const request of requests) {
      if (request.attempts > 0) this.#world.hit('retried-elsewhere');
      request.attempts += 1;
      request.state = 'sent';
      request.sentMs = scheduler.nowMs;
      if (request.operation.access === 'write') this.#world.onAttempt(request);
    }
    const untilMs = Math.max(...requests.map(({ deadlineMs }) => deadlineMs));
    const patienceMs = this.#place.patienceMs(Math.max(...requests.map(({ attempts }) => attempts)));
    // Less than it waits itself, sometimes: then it hears from the node that its command was dropped.
    const timeoutMs = Math.min(untilMs - scheduler.nowMs, patienceMs * this.#random.pick([0.2, 1, 3]));
    this.#give({
      kind: 'request',
      session: first.session,
      ackSequence: Math.min(...this.#requests.keys()) - 1,
      consistency: first.consistency,
      noForward: this.#random.chance(profile.clients.noForwardShare),
      timeoutMs: Math.max(1, Math.ceil(timeoutMs)),
      commands: requests.map(({ sequence, operation }) => ({ sequence, input: operation.input })),
    });
    const sentMs = scheduler.nowMs;
    this.#place.hangUpUnless(patienceMs, () => {
      const isWaiting = requests.some(({ state, sentMs: at }) => state === 'sent' && at === sentMs);
      if (isWaiting) this.#world.hit('attempt-timed-out');
      return isWaiting;
    });
  }

  #openSession(): void {
    if (this.#opening !== 0) return;
    const sequence = this.#nextSequence++;
    const { noForwardShare } = this.#world.profile.clients;
    this.#openings += 1;
    const patienceMs = this.#place.patienceMs(this.#openings);
    this.#opening = sequence;
    this.#give({
      kind: 'open-session',
      sequence,
      timeoutMs: Math.ceil(patienceMs),
      noForward: this.#random.chance(noForwardShare),
    });
    this.#place.hangUpUnless(patienceMs, () => this.#opening === sequence);
  }

  #closeSession(): void {
    if (this.#session === 0 || !this.#place.isReady) return;
    this.#world.hit('session-closed');
    this.#give({ kind: 'close-session', sequence: this.#nextSequence++, session: this.#session });
    // Now and then it is used all the same: the node has to say that it is gone.
    if (this.#random.chance(0.7)) this.#session = 0;
  }

  #give(frame: ClientFrame): void {
    this.#place.give(frame, this.#isInsistent);
  }

  #onReady(): void {
    for (const request of this.#requests.values()) if (request.state === 'held') request.state = 'waiting';
    this.#pump();
  }

  /** What was sent may have been executed; it is asked again, elsewhere, after a while. */
  #onLost(): void {
    this.#opening = 0;
    for (const request of this.#requests.values()) {
      if (request.state !== 'sent') continue;
      if (request.operation.access === 'write') request.mayBeExecuted = true;
      request.state = 'waiting';
    }
  }

  #onAnswers(answers: readonly Answer[]): void {
    for (const answer of answers) this.#onAnswer(answer);
    this.#pump();
  }

  #onAnswer(answer: Answer): void {
    if (answer.sequence === this.#opening) return this.#onOpened(answer);
    const request = this.#requests.get(answer.sequence);
    if (request === undefined) return;
    if (answer.kind === 'result') return this.#onResult(request, answer);
    if (answer.kind === 'error') return this.#onError(request, answer);
    if (answer.kind === 'echo') return this.#onEcho(request, answer);
    this.#world.report('REPLY-TRUTH', `client ${this.id} is given a session for a command`);
  }

  #onOpened(answer: Answer): void {
    this.#opening = 0;
    if (answer.kind === 'session') {
      this.#session = answer.session;
      this.#openings = 0;
      this.#world.hit('session-opened');
    } else if (answer.kind === 'error') {
      this.#redirect(answer);
      this.#place.backOff();
    }
  }

  #onResult(request: Request, { slot, result }: AnswerOf<'result'>): void {
    this.#place.onSuccess();
    this.#world.onResult(request, slot, result);
    this.#end(request, { kind: 'done', slot, result: ownResult(result) });
  }

  /** The value lies in what was sent. */
  #onEcho(request: Request, { sequence, slot, start, end }: AnswerOf<'echo'>): void {
    const { input } = request.operation;
    const result = input.form === 'arguments' ? withCommand({ start, end }, input.bytes) : undefined;
    if (result !== undefined) {
      this.#world.hit('echoed');
      return this.#onResult(request, { sequence, kind: 'result', slot, result });
    }
    this.#world.report('REPLY-TRUTH', `client ${this.id} is given an echo of what it did not send`);
  }

  /** `outcome` says what is known of this attempt; earlier ones may have been executed all the same. */
  #onError(request: Request, answer: AnswerOf<'error'>): void {
    const { code, outcome } = answer;
    if (request.operation.access === 'write' && outcome === 'unknown') request.mayBeExecuted = true;
    request.lastCode = code;
    this.#world.onRefusal(request, answer);
    if (code === 'TOO_LARGE') return this.#end(request, { kind: request.mayBeExecuted ? 'unknown' : 'none' });
    if (code === 'SESSION_EXPIRED') {
      if (request.session === this.#session) this.#session = 0;
      // This attempt had no effect. An earlier one may have had one, and nobody remembers.
      if (request.attempts > 1) return this.#end(request, { kind: 'unknown' });
      request.mayBeExecuted = false;
    }
    const { acceptsRefusalShare } = this.#world.profile.clients;
    if (
      !this.#isInsistent &&
      !request.mayBeExecuted &&
      outcome === 'none' &&
      this.#random.chance(acceptsRefusalShare)
    )
      return this.#end(request, { kind: 'none' });
    request.state = 'held';
    this.#redirect(answer);
    this.#place.backOff();
  }

  /** Another node leads, or this one cannot help: go there, or anywhere. */
  #redirect({ code, details }: AnswerOf<'error'>): void {
    const leader = code === 'NOT_LEADER' ? details['leader'] : undefined;
    if (leader === undefined && code !== 'STOPPING' && this.#random.chance(0.5)) return;
    if (typeof leader !== 'number') return this.#place.leaveFor(undefined);
    this.#world.hit('redirected');
    this.#place.leaveFor(leader as NodeId);
  }

  #giveUp(request: Request): void {
    if (request.ending !== undefined) return;
    const isUnsure = request.mayBeExecuted || request.state === 'sent';
    this.#end(request, { kind: isUnsure && request.operation.access === 'write' ? 'unknown' : 'none' });
  }

  #end(request: Request, ending: Ending): void {
    request.ending = ending;
    request.state = 'ended';
    request.endedMs = this.#world.scheduler.nowMs;
    this.#requests.delete(request.sequence);
    this.#world.note?.(`client ${this.id} ends ${request.sequence} as ${ending.kind}`);
    if (ending.kind === 'none') this.#world.hit('ended-none');
    if (ending.kind === 'unknown') this.#world.hit('ended-unknown');
    this.#world.onEnd(request);
  }
}
