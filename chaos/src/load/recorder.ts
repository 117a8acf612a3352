/**
 * Writes the history of a load process line by line, and counts how calls ended. Lines go to the file in batches: the
 * order in the file means nothing, the times in the lines do.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { type Action, type Call, type Content, callLine, type End, HISTORY_HEADER } from '@quorate/sim';
import { QuorateError } from '@quorate/wire';
import { nowUs } from '../clock.ts';

const BATCH_CHARS = 1 << 16;
const MAX_FINDINGS = 20;

export class Recorder {
  readonly #file: number;
  #lines: string = HISTORY_HEADER;
  readonly counts = { done: 0, unknown: 0, none: 0 };
  readonly findings: string[] = [];

  constructor(path: string) {
    this.#file = openSync(path, 'w');
  }

  /** Runs a call and writes down how it ended. */
  async record(client: number, key: string, action: Action, run: () => Promise<Content>): Promise<End> {
    const beganUs = nowUs();
    const end = await this.#endOf(action, run);
    this.counts[end.kind] += 1;
    this.#write({ client, key, action, beganUs, end });
    return end;
  }

  /** Something that must never happen. */
  find(what: string): void {
    if (this.findings.length < MAX_FINDINGS && !this.findings.includes(what)) this.findings.push(what);
  }

  close(): void {
    this.#flush();
    closeSync(this.#file);
  }

  async #endOf(action: Action, run: () => Promise<Content>): Promise<End> {
    try {
      const answer = await run();
      return { kind: 'done', atUs: nowUs(), answer };
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      if (!isWeather(error)) this.find(`${action.kind} failed with ${error.code}: ${error.message}`);
      return { kind: error.outcome, atUs: nowUs() };
    }
  }

  #write(call: Omit<Call, 'id'>): void {
    this.#lines += callLine(call);
    if (this.#lines.length > BATCH_CHARS) this.#flush();
  }

  #flush(): void {
    writeSync(this.#file, this.#lines);
    this.#lines = '';
  }
}

/** Codes that no fault of the rig explains are findings. */
function isWeather({ code }: QuorateError): boolean {
  switch (code) {
    case 'NOT_LEADER':
    case 'NO_LEADER':
    case 'OVERLOADED':
    case 'TIMEOUT':
    case 'LEADERSHIP_LOST':
    case 'DISCONNECTED':
    case 'SESSION_EXPIRED':
    case 'SESSION_WINDOW':
    case 'CANNOT_CONNECT':
    case 'BACKEND_UNAVAILABLE':
    case 'STOPPING':
    case 'REDIRECTED_TOO_OFTEN':
      return true;
    default:
      return false;
  }
}
