/** The whole bank, in the order in which the table prints it. */
import type { Mutant } from '../mutant.ts';
import { ACCEPTOR_MUTANTS } from './acceptor.ts';
import { ANSWER_MUTANTS } from './answers.ts';
import { BACKEND_MUTANTS } from './backend.ts';
import { CANDIDATE_MUTANTS } from './candidate.ts';
import { CLIENT_MUTANTS } from './client.ts';
import { ELECTION_MUTANTS } from './elections.ts';
import { ENGINE_MUTANTS } from './engine.ts';
import { JOURNAL_MUTANTS } from './journal.ts';
import { LEADER_MUTANTS } from './leader.ts';
import { LEARNER_MUTANTS } from './learner.ts';
import { READER_MUTANTS } from './reader.ts';
import { RUNTIME_MUTANTS } from './runtime.ts';
import { SEGMENT_MUTANTS } from './segments.ts';
import { SESSION_MUTANTS } from './sessions.ts';
import { STORE_MUTANTS } from './stores.ts';
import { WIRE_MUTANTS } from './wire.ts';

export const CATALOGUE: readonly Mutant[] = [
  ...ACCEPTOR_MUTANTS,
  ...CANDIDATE_MUTANTS,
  ...ELECTION_MUTANTS,
  ...LEADER_MUTANTS,
  ...LEARNER_MUTANTS,
  ...READER_MUTANTS,
  ...JOURNAL_MUTANTS,
  ...SEGMENT_MUTANTS,
  ...RUNTIME_MUTANTS,
  ...STORE_MUTANTS,
  ...ANSWER_MUTANTS,
  ...ENGINE_MUTANTS,
  ...SESSION_MUTANTS,
  ...BACKEND_MUTANTS,
  ...WIRE_MUTANTS,
  ...CLIENT_MUTANTS,
];
