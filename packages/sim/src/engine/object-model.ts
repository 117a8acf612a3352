/**
 * What the objects of a run hold after every slot, by the models of the linearizability checker: each result and each
 * read is held against it.
 */
import type { Result } from '@quorate/wire';
import type { Content } from '../history/call.ts';
import { modelOf } from '../linearizability/models.ts';
import type { Operation } from './operation.ts';
import type { Stage } from './stage.ts';
import type { Report } from './witness.ts';

type Version = { readonly slot: number; readonly content: Content };

export class ObjectModel {
  readonly #stage: Stage;
  readonly #report: Report;
  /** By key, ascending by slot; several of one slot in the order of its commands. */
  readonly #versions: Map<string, Version[]> = new Map();

  constructor(stage: Stage, report: Report) {
    this.#stage = stage;
    this.#report = report;
  }

  /** The next command in order of the log was executed with this result. */
  onExecuted(slot: number, operation: Operation | undefined, result: Result | undefined): void {
    if (operation?.action === undefined || result === undefined) return;
    const { action, key } = operation;
    const model = modelOf(action);
    const before = this.#contentAt(key, slot) ?? model.initial;
    const seen = this.#stage.contentOf(operation, result);
    const after = model.step(before, action, seen);
    if (after === undefined)
      this.#report(
        'HASH-EQUAL',
        `${action.kind} on ${key} in slot ${slot} gives ${JSON.stringify(seen)} where the object holds ${JSON.stringify(before)}`,
      );
    else this.#versionsOf(key).push({ slot, content: after });
  }

  /** A read was answered with the state after `slot`. */
  onRead(name: string, operation: Operation, slot: number, result: Result): void {
    const { action, key } = operation;
    if (action === undefined) return;
    const model = modelOf(action);
    const content = this.#contentAt(key, slot) ?? model.initial;
    const seen = this.#stage.contentOf(operation, result);
    if (model.step(content, action, seen) === undefined)
      this.#report(
        'READ-INDEX',
        `${name} at slot ${slot} is answered with ${JSON.stringify(seen)}; the object holds ${JSON.stringify(content)}`,
      );
  }

  #versionsOf(key: string): Version[] {
    let versions = this.#versions.get(key);
    if (versions === undefined) {
      versions = [];
      this.#versions.set(key, versions);
    }
    return versions;
  }

  #contentAt(key: string, slot: number): Content | undefined {
    return this.#versions.get(key)?.findLast((version) => version.slot <= slot)?.content;
  }
}
