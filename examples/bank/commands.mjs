// The commands of the bank: what people type, and the bytes in the log.
//
//   deposit ACCOUNT AMOUNT      money comes in; opens the account
//   transfer FROM TO AMOUNT     opens TO; FROM must have the money
//   balance ACCOUNT             a read
//   total                       a read: all money of all accounts

import { readSimpleInput } from '@quorate/core/ports';
import { decodeUtf8, encodeUtf8 } from '@quorate/wire';

export const USAGE = 'deposit ACCOUNT AMOUNT | transfer FROM TO AMOUNT | balance ACCOUNT | total';

/** By verb: access, and how many accounts and amounts follow. */
const SHAPES = {
  deposit: { access: 'write', accounts: 1, amounts: 1 },
  transfer: { access: 'write', accounts: 2, amounts: 1 },
  balance: { access: 'read', accounts: 1, amounts: 0 },
  total: { access: 'read', accounts: 0, amounts: 0 },
};

const ACCOUNT = /^[\p{L}\p{N}_.-]{1,64}$/u;
const AMOUNT = /^[1-9]\d{0,11}$/;

/** `[verb, ...accounts, ...amounts]`, all texts. Total: any input gives a command or an error. */
export function parseCommand(input) {
  const read = readSimpleInput(input);
  if (!read.ok) return read;
  const words = read.input.words;
  const problem = problemWith(words);
  return problem === undefined
    ? { ok: true, access: SHAPES[words[0]].access, command: words }
    : { ok: false, error: `${problem}\nusage: ${USAGE}` };
}

export function encodeCommand(words) {
  return encodeUtf8(JSON.stringify(words));
}

/**
 * Strict: what `encodeCommand` would not have written is refused. Bytes are compared, and not texts: `decodeUtf8` reads
 * damaged bytes as U+FFFD.
 */
export function decodeCommand(bytes) {
  const words = JSON.parse(decodeUtf8(bytes));
  const isList = Array.isArray(words) && words.every((word) => typeof word === 'string');
  if (!isList || problemWith(words) !== undefined || Buffer.compare(encodeCommand(words), bytes) !== 0)
    throw new Error('these bytes are no command of the bank');
  return words;
}

function problemWith([verb = '', ...rest]) {
  const shape = Object.hasOwn(SHAPES, verb) ? SHAPES[verb] : undefined;
  if (shape === undefined) return 'the bank knows no such command';
  const { accounts, amounts } = shape;
  if (rest.length !== accounts + amounts) return `${verb} takes ${accounts + amounts} words`;
  if (!rest.slice(0, accounts).every((word) => ACCOUNT.test(word)))
    return 'an account has 1 to 64 letters, digits, _ . or -';
  if (!rest.slice(accounts).every((word) => AMOUNT.test(word)))
    return 'an amount is a whole number from 1 to 999999999999';
  return undefined;
}
