/**
 * Why a statement is not replicated, in two halves: the reason names the thing, the way out says what to write
 * instead. Thrown inside `src/sql` only; its borders turn it into a parse error or a `CommandRefused`.
 */
export class Refusal extends Error {
  readonly reason: string;
  readonly wayOut: string;

  constructor(reason: string, wayOut: string) {
    // A syntax error ends in a caret below its place, and says the way out itself.
    super(wayOut === '' ? reason : `${reason}; ${wayOut}`);
    this.name = 'Refusal';
    this.reason = reason;
    this.wayOut = wayOut;
  }
}

export function refuse(reason: string, wayOut: string): never {
  throw new Refusal(reason, wayOut);
}
