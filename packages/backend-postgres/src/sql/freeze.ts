/**
 * Time and chance in the text of a statement: the call is marked for replacement by a parameter that `prepare` fills
 * on the leader. In stored code nothing can be replaced any more; there the stand-ins of `pins.ts` are called.
 */
import type { Place } from './findings.ts';
import { FROZEN_CHANCE, FROZEN_TIME } from './function-lists.ts';
import { refuse } from './refusal.ts';
import { locationOf, nodesOf, type SqlNode, textOf } from './tree.ts';

const KEYWORDS: Readonly<Record<string, string>> = {
  SVFOP_CURRENT_TIMESTAMP: 'timestamptz',
  SVFOP_CURRENT_DATE: 'date',
  SVFOP_CURRENT_TIME: 'timetz',
  SVFOP_LOCALTIMESTAMP: 'timestamp',
  SVFOP_LOCALTIME: 'time',
};

/** CURRENT_TIMESTAMP and its kin; the others of this kind tell about the session. */
export function freezeKeyword(node: SqlNode, place: Place): string {
  const operation = textOf(node, 'op').replace(/_N$/, '');
  const type = KEYWORDS[operation];
  const name = operation.replace('SVFOP_', '');
  if (type === undefined)
    return refuse(`${name} depends on the session of one server`, 'use a value from your program');
  assertReplaceable(name, place, 'quorate.now()');
  // The grammar leaves out a precision of 0; the name of the operation tells that there is one.
  const digits = typeof node['typmod'] === 'number' ? node['typmod'] : 0;
  const precision = textOf(node, 'op').endsWith('_N') ? `(${digits})` : '';
  place.findings.edits.push({ at: locationOf(node), what: 'time', type: `${type}${precision}` });
  return type;
}

/** The type, when the function is one that is frozen; undefined for all others. */
export function freezeCall(name: string, node: SqlNode, place: Place): string | undefined {
  if (nodesOf(node, 'args').length > 0) return undefined;
  const time = FROZEN_TIME.get(name);
  const chance = FROZEN_CHANCE.get(name);
  if (time !== undefined) {
    assertReplaceable(`${name}()`, place, 'quorate.now()');
    place.findings.edits.push({ at: locationOf(node), what: 'time', type: time });
    return time;
  }
  if (chance === undefined) return undefined;
  assertReplaceable(`${name}()`, place, `quorate.${name === 'random' ? 'random' : 'gen_random_uuid'}()`);
  if (place.isPerRow)
    refuse(
      `${name}() gives each row another value, and rows come in no certain order`,
      'write one row at a time, or make the column default to it and insert rows with VALUES',
    );
  place.findings.edits.push({ at: locationOf(node), what: chance, type: chance });
  return chance;
}

function assertReplaceable(what: string, place: Place, standIn: string): void {
  if (place.origin === 'statement') return;
  refuse(
    `${place.origin.stored} calls ${what}, which differs between replicas`,
    `create it again through a command: ${what} then becomes ${standIn}`,
  );
}
