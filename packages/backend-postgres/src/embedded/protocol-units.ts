/**
 * Just as much of the PostgreSQL protocol, version 3 ("Frontend/Backend Protocol" in the manual), as sharing one session needs:
 * where a question ends, and whether the session stands in a transaction after an answer.
 */

/** What is written in answer to the first message of a session: AuthenticationOk, ReadyForQuery outside a transaction. */
export const WELCOME: Uint8Array = Buffer.from('520000000800000000' + '5a0000000549', 'hex');

const [QUERY, SYNC, TERMINATE] = [0x51, 0x53, 0x58];

export type Question = {
  /** Whole messages, up to one that the server answers with ReadyForQuery. */
  readonly bytes: Uint8Array;
};

/**
 * Cuts what a client sends into questions: a simple query, or everything up to a Sync. Of a client that writes whole
 * messages, as `pg` does, though several may come in one piece.
 */
export class QuestionReader {
  #open: Uint8Array[] = [];
  #hasStarted = false;

  /** `isFirst`: the session begins. `isLast`: the client says goodbye, which the shared server must not hear. */
  read(bytes: Uint8Array): {
    readonly questions: readonly Question[];
    readonly isFirst: boolean;
    readonly isLast: boolean;
  } {
    if (!this.#hasStarted) {
      this.#hasStarted = true;
      return { questions: [], isFirst: true, isLast: false };
    }
    const questions: Question[] = [];
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < bytes.length; ) {
      const kind = bytes[at];
      const end = at + 1 + view.getUint32(at + 1);
      if (kind === TERMINATE) return { questions, isFirst: false, isLast: true };
      this.#open.push(bytes.slice(at, end));
      if (kind === QUERY || kind === SYNC) {
        questions.push({ bytes: Buffer.concat(this.#open) });
        this.#open = [];
      }
      at = end;
    }
    return { questions, isFirst: false, isLast: false };
  }
}

/** A simple query as a question. */
export function queryOf(sql: string): Question {
  const text = Buffer.from(`${sql}\0`);
  const bytes = Buffer.alloc(5 + text.length);
  bytes[0] = QUERY;
  bytes.writeUInt32BE(4 + text.length, 1);
  text.copy(bytes, 5);
  return { bytes };
}

/** After a whole answer, which ends with ReadyForQuery: 'I' stands for no transaction. */
export function isOutsideTransaction(answer: Uint8Array): boolean {
  return answer.at(-1) === 0x49;
}
