/**
 * A cluster for tests: real WebSocket servers in this process that speak client frames over one shared, make-believe
 * replicated state (a key-value map, a session table with exactly-once results). What a test wants a node to do
 * differently it says with `node.script`. Counts what a client must not do, such as executing twice.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import {
  type Answer,
  CLIENT_PATH,
  CLIENT_SUBPROTOCOL,
  type ClientFrame,
  type CommandInput,
  decodeArguments,
  decodeClientFrame,
  ECHO_VERSION,
  ERRORS,
  type ErrorCode,
  type ErrorDetails,
  encodeNodeFrame,
  type NodeFrame,
  type Outcome,
  QuorateError,
  type RequestCommand,
  type Result,
} from '@quorate/wire';
import { type WebSocket, WebSocketServer } from 'ws';

export type RequestFrame = Extract<ClientFrame, { kind: 'request' }>;

/** Gives true if it has dealt with the frame; false leaves it to the node's usual behaviour. */
export type Script = (frame: ClientFrame, connection: FakeConnection) => boolean;

type Session = { ackSequence: number; readonly results: Map<number, Answer> };

export class FakeCluster {
  readonly clusterId: string = `cluster-${Math.trunc(performance.now() * 1000)}`;
  readonly nodes: FakeNode[] = [];
  readonly map = new Map<string, Uint8Array>();
  readonly sessions = new Map<number, Session>();
  /** Every execution, as `session/sequence COMMAND`. */
  readonly executed: string[] = [];
  leader = 1;
  maxCommandBytes = 1_000_000;
  slot = 0;

  static async start(size: number): Promise<FakeCluster> {
    const cluster = new FakeCluster();
    for (let id = 1; id <= size; id++) cluster.nodes.push(await FakeNode.start(cluster, id));
    return cluster;
  }

  get addrs(): string[] {
    return this.nodes.map((node) => node.addr);
  }

  node(id: number): FakeNode {
    const node = this.nodes[id - 1];
    if (node === undefined) throw new Error(`no node ${id}`);
    return node;
  }

  /** Another leader; tells every connected client unless `silently`. 0: an election begins. */
  lead(id: number, silently = false): void {
    this.leader = id;
    if (silently) return;
    for (const node of this.nodes) node.tell({ kind: 'leader', leader: id });
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  /** Runs a command as the log would: under a session once, whatever the number of attempts. */
  execute(session: number, ackSequence: number, { sequence, input }: RequestCommand): Answer {
    const words = wordsOf(input);
    if (session === 0) {
      if (words[0] !== 'GET') return errorAnswer(sequence, 'ARGUMENT', 'a write needs a session');
      return { sequence, kind: 'result', slot: this.slot, result: this.#run(words, input) };
    }
    const table = this.sessions.get(session);
    if (table === undefined) return errorAnswer(sequence, 'SESSION_EXPIRED', `no session ${session}`);
    table.ackSequence = Math.max(table.ackSequence, ackSequence);
    for (const old of table.results.keys()) if (old <= table.ackSequence) table.results.delete(old);
    if (sequence <= table.ackSequence) return errorAnswer(sequence, 'SEQUENCE_STALE', 'acknowledged already');
    if (sequence - table.ackSequence > 4096) return errorAnswer(sequence, 'SESSION_WINDOW', 'too far ahead');
    const known = table.results.get(sequence);
    if (known !== undefined) return known;
    this.executed.push(`${session}/${sequence} ${words.join(' ')}`);
    const answer: Answer = { sequence, kind: 'result', slot: ++this.slot, result: this.#run(words, input) };
    table.results.set(sequence, answer);
    return answer;
  }

  openSession(): number {
    const session = ++this.slot;
    this.sessions.set(session, { ackSequence: 0, results: new Map() });
    return session;
  }

  #run(words: readonly string[], input: CommandInput): Result {
    const [verb, key = ''] = words;
    const old = this.map.get(key) ?? null;
    switch (verb) {
      case 'GET':
        return { ok: true, value: old };
      case 'SET': {
        const value =
          input.form === 'arguments'
            ? decodeArguments(input.bytes)[2]?.slice()
            : new TextEncoder().encode(words[2]);
        this.map.set(key, value ?? new Uint8Array());
        return { ok: true, value: value ?? null };
      }
      case 'DEL':
        this.map.delete(key);
        return { ok: true, value: old };
      case 'INCR': {
        const value = new TextEncoder().encode(
          String(Number(new TextDecoder().decode(old ?? new Uint8Array())) + 1),
        );
        this.map.set(key, value);
        return { ok: true, value };
      }
      default:
        return { ok: false, code: 'UNKNOWN_VERB', message: `no such command: ${String(verb)}` };
    }
  }
}

export class FakeNode {
  readonly cluster: FakeCluster;
  readonly id: number;
  readonly connections = new Set<FakeConnection>();
  /** Everything that came, in order, hellos included. */
  readonly frames: ClientFrame[] = [];
  script: Script | undefined = undefined;
  /** Other welcomes than the honest one. */
  welcome: (honest: NodeFrame) => NodeFrame | undefined = (honest) => honest;
  /** What this node believes; undefined: what is true. */
  belief: number | undefined = undefined;
  #server: WebSocketServer | undefined = undefined;
  #port = 0;

  private constructor(cluster: FakeCluster, id: number) {
    this.cluster = cluster;
    this.id = id;
  }

  static async start(cluster: FakeCluster, id: number): Promise<FakeNode> {
    const node = new FakeNode(cluster, id);
    await node.listen();
    return node;
  }

  get addr(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get leader(): number {
    return this.belief ?? this.cluster.leader;
  }

  get requests(): RequestFrame[] {
    return this.frames.filter((frame) => frame.kind === 'request');
  }

  /** Starts listening, the second time on the same port as before. */
  async listen(): Promise<void> {
    const server = new WebSocketServer({
      host: '127.0.0.1',
      port: this.#port,
      path: CLIENT_PATH,
      perMessageDeflate: false,
      handleProtocols: (offered) => (offered.has(CLIENT_SUBPROTOCOL) ? CLIENT_SUBPROTOCOL : false),
    });
    this.#server = server;
    server.on('connection', (socket) => this.connections.add(new FakeConnection(this, socket)));
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
  }

  tell(frame: NodeFrame): void {
    for (const connection of this.connections) connection.send(frame);
  }

  async roundTrip(): Promise<void> {
    await Promise.all([...this.connections].map((connection) => connection.roundTrip()));
  }

  /** As after `kill -9`: sockets reset, port closed. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    this.cut();
    await new Promise((resolve) => server.close(resolve));
  }

  /** Cuts every connection; new ones are accepted. */
  cut(): void {
    for (const connection of this.connections) connection.cut();
    this.connections.clear();
  }
}

export class FakeConnection {
  readonly node: FakeNode;
  onPing: () => void = () => undefined;
  readonly #socket: WebSocket;

  constructor(node: FakeNode, socket: WebSocket) {
    this.node = node;
    this.#socket = socket;
    socket.on('message', (data) => this.#onFrame(decodeClientFrame(data as Buffer)));
    socket.on('ping', () => this.onPing());
    socket.on('close', () => node.connections.delete(this));
  }

  send(frame: NodeFrame): void {
    this.#socket.send(encodeNodeFrame(frame));
  }

  sendRaw(data: Uint8Array | string): void {
    this.#socket.send(data);
  }

  cut(): void {
    this.#socket.terminate();
  }

  /** As a proxy or a node closes it, with a closing frame. */
  close(reason: string): void {
    this.#socket.close(1001, reason);
  }

  /** Resolves when the other side has answered a ping, and so has read all that was sent before. */
  async roundTrip(): Promise<void> {
    this.#socket.ping();
    await once(this.#socket, 'pong');
  }

  /** Stops reading, as a stopped process does; pings are not answered either. */
  freeze(): void {
    this.#socket.pause();
  }

  answer(answers: readonly Answer[]): void {
    this.send({ kind: 'responses', answers });
  }

  /** The same refusal for every command of the frame, or for the opening of a session. */
  refuse(frame: ClientFrame, code: ErrorCode, details: ErrorDetails = {}, outcome?: Outcome): void {
    this.answer(
      sequencesOf(frame).map((sequence) => errorAnswer(sequence, code, `scripted ${code}`, details, outcome)),
    );
  }

  /** What an honest node does. */
  serve(frame: ClientFrame): void {
    const { cluster, id, leader } = this.node;
    const noForward = (frame.kind === 'request' || frame.kind === 'open-session') && frame.noForward;
    const isStale = frame.kind === 'request' && frame.consistency === 'stale';
    if (!isStale && leader === 0) this.refuse(frame, 'NO_LEADER');
    else if (!isStale && leader !== id && noForward) this.#redirect(frame, leader);
    else if (frame.kind === 'open-session')
      this.answer([{ sequence: frame.sequence, kind: 'session', session: cluster.openSession() }]);
    else if (frame.kind === 'close-session') {
      cluster.sessions.delete(frame.session);
      this.answer([{ sequence: frame.sequence, kind: 'session', session: frame.session }]);
    } else if (frame.kind === 'request') {
      const answers = frame.commands.map((command) =>
        cluster.execute(frame.session, frame.ackSequence, command),
      );
      const isEchoing = id % 2 === 1;
      this.answer(
        isEchoing ? answers.map((answer, index) => echoOf(answer, frame.commands[index])) : answers,
      );
    }
  }

  #redirect(frame: ClientFrame, leader: number): void {
    this.refuse(frame, 'NOT_LEADER', { leader, addr: this.node.cluster.node(leader).addr });
  }

  #onFrame(frame: ClientFrame): void {
    const { node } = this;
    node.frames.push(frame);
    if (node.script?.(frame, this) === true) return;
    if (frame.kind === 'hello') this.#welcome();
    else this.serve(frame);
  }

  #welcome(): void {
    const { cluster, id, leader } = this.node;
    const { clusterId, addrs, maxCommandBytes } = cluster;
    const honest: NodeFrame = {
      kind: 'welcome',
      version: ECHO_VERSION,
      clusterId,
      node: id,
      backend: 'kv',
      addrs,
      leader,
      maxCommandBytes,
    };
    const frame = this.node.welcome(honest);
    if (frame !== undefined) this.send(frame);
  }
}

/** Nodes with an odd number say where in its command a value lies, if it does. */
function echoOf(answer: Answer, command: RequestCommand | undefined): Answer {
  if (answer.kind !== 'result' || !answer.result.ok || answer.result.value === null) return answer;
  if (command?.input.form !== 'arguments' || !wordsOf(command.input)[0]?.startsWith('SET')) return answer;
  const { sequence, slot } = answer;
  const end = command.input.bytes.length;
  return { sequence, kind: 'echo', slot, start: end - answer.result.value.length, end };
}

export function errorAnswer(
  sequence: number,
  code: ErrorCode,
  message: string,
  details: ErrorDetails = {},
  outcome: Outcome = ERRORS[code].outcome,
): Answer {
  return { sequence, kind: 'error', code, outcome, message, details };
}

export function sequencesOf(frame: ClientFrame): number[] {
  switch (frame.kind) {
    case 'hello':
      return [];
    case 'request':
      return frame.commands.map((command) => command.sequence);
    case 'open-session':
    case 'close-session':
      return [frame.sequence];
    default:
      return frame satisfies never;
  }
}

export function wordsOf(input: CommandInput): string[] {
  if (input.form === 'text') return input.text.split(' ');
  return decodeArguments(input.bytes).map((part) => new TextDecoder().decode(part));
}

/** Waits until the condition holds, a turn of the event loop at a time; gives up loudly after 5 s. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The error that the promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<QuorateError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof QuorateError) return error;
    throw error;
  }
  throw new Error('the call was expected to fail');
}
