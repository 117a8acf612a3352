/**
 * What a mutant is: one bug that this field has seen, planted into the real code by a textual patch, and the tool of
 * ours that must find it. Plain data; the catalogue is a list of these.
 */
import type { Patch } from '../mutants/patch.ts';

export type Mutant = {
  /** Lower case with hyphens; stable, because people and documents name it. */
  readonly id: string;
  /** One sentence: what the code does now that it must not do. */
  readonly wrong: string;
  /** Where something like it happened. */
  readonly seen: string;
  readonly patches: readonly Patch[];
  readonly hunt: Hunt;
};

/** A tool with its budget. The budget counts work, not time, so that a busy machine does not change the answer. */
export type Hunt =
  /** Seeds from 1 on, at the simulator's first depth or at the depth of engines. */
  | { readonly tool: 'simulator' | 'engine simulator'; readonly seeds: number }
  /** States of one scope of the model checker. */
  | { readonly tool: 'model checker'; readonly scope: string; readonly states: number }
  /** So many cases of the sweep over link graphs, spread over all of them. */
  | { readonly tool: 'graph sweep'; readonly cases: number }
  /** Compiled mocha tests of one workspace, in order, up to the first failure. */
  | {
      readonly tool: 'tests';
      /** What the table calls it: `transcripts`, `journal tests`. */
      readonly name: string;
      readonly workspace: string;
      /** Below `dist-test` of the workspace. */
      readonly files: readonly string[];
      /** Only tests whose full title contains this. */
      readonly only?: string;
    };

/** What a hunt may cost in time: of the processor where the tool can tell, else by the clock on the wall. */
export const MAX_SECONDS = 60;
/** The most work that a hunt may be given. */
export const MAX_SEEDS = 2000;
export const MAX_ENGINE_SEEDS = 200;
export const MAX_STATES = 2_000_000;
export const MAX_CASES = 2000;

/** `work` in the tool's own unit, as a number; `effort` says it in words: `seed 17`, `test 4`. */
export type Finding =
  | {
      readonly kind: 'found';
      readonly rule: string;
      readonly sentence: string;
      readonly work: number;
      readonly effort: string;
      readonly seconds: number;
    }
  | { readonly kind: 'missed'; readonly work: number; readonly effort: string; readonly seconds: number }
  /** The hunt ended in an accident: it proves nothing about the mutant. */
  | { readonly kind: 'broken'; readonly why: string };

export function costsTooMuch(finding: Finding): boolean {
  return finding.kind === 'found' && finding.seconds > MAX_SECONDS;
}
