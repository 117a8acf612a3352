/**
 * A bare connection to one node: frames out, answers in, nothing repeated and nothing hidden. The client library would
 * never send one command to two nodes at once; a network that duplicates and delays does it to anybody.
 */
import {
  type Answer,
  CLIENT_PATH,
  CLIENT_SUBPROTOCOL,
  type ClientFrame,
  decodeNodeFrame,
  encodeClientFrame,
} from '@quorate/wire';
import { WebSocket } from 'ws';

export class RawConnection {
  readonly #addr: string;
  readonly #version: number;
  readonly #onAnswer: (answer: Answer) => void;
  #socket: WebSocket | undefined;
  #isWelcome = false;

  /** `version`: of the client protocol, the highest that it knows. */
  constructor(addr: string, version: number, onAnswer: (answer: Answer) => void) {
    this.#addr = addr;
    this.#version = version;
    this.#onAnswer = onAnswer;
  }

  /** False when there is no connection; then one is dialled, for another time. */
  send(frame: ClientFrame): boolean {
    if (this.#socket === undefined) this.#dial();
    if (!this.#isWelcome) return false;
    this.#socket?.send(encodeClientFrame(frame));
    return true;
  }

  close(): void {
    this.#socket?.terminate();
  }

  #dial(): void {
    const socket = new WebSocket(`ws://${this.#addr}${CLIENT_PATH}`, [CLIENT_SUBPROTOCOL], {
      perMessageDeflate: false,
      handshakeTimeout: 1000,
    });
    this.#socket = socket;
    socket.on('open', () => {
      socket.send(
        encodeClientFrame({
          kind: 'hello',
          versionMin: 1,
          versionMax: this.#version,
          clientName: 'chaos-twice',
        }),
      );
    });
    socket.on('message', (data) => {
      const frame = decodeNodeFrame(data as Buffer);
      if (frame.kind === 'welcome') this.#isWelcome = true;
      if (frame.kind === 'responses') for (const answer of frame.answers) this.#onAnswer(answer);
    });
    // An error is always followed by 'close'.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#socket = undefined;
      this.#isWelcome = false;
    });
  }
}
