/**
 * The identity of a cluster, derived from its settings alone, so that the same file on every machine gives the same
 * one. The identity of a storage is made elsewhere, when its directory is formatted.
 */
import { createHash } from 'node:crypto';
import type { SettingValues } from './settings.ts';

const IDENTITY_HEX_DIGITS = 32;

/** The same for any order of the addresses; 32 hexadecimal digits. */
export function clusterIdOf({ addrs, cluster }: Pick<SettingValues, 'addrs' | 'cluster'>): string {
  return hashOf(['cluster', cluster ?? null, ...addrs.toSorted()]);
}

/** Depends on the order: which address is which node. 32 hexadecimal digits. */
export function genesisDigestOf({ addrs }: Pick<SettingValues, 'addrs'>): string {
  return hashOf(['genesis', ...addrs]);
}

/** JSON keeps the parts apart: no two lists of parts give the same text. */
function hashOf(parts: readonly (string | null)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, IDENTITY_HEX_DIGITS);
}
