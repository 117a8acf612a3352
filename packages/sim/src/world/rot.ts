/**
 * Damage to what is at rest on the disk of a dead node: a flipped bit, or a sector that holds zeros or what lies elsewhere.
 *
 * Only where something written later vouches for it: damage to the very last record cannot be told from a torn write, by
 * this journal and by any other.
 */
import type { Random } from '@quorate/core/protocol';
import { SECTOR_BYTES, type SimDisk } from './disk/index.ts';

/** False when there is nothing yet that may rot. */
export function rotOlderSegments(disk: SimDisk, random: Random): boolean {
  const segments = disk
    .files()
    .filter(({ name, file }) => name.startsWith('segment-') && file.durable.length > 0);
  const older = segments.slice(0, -2);
  if (older.length === 0) return false;
  const { file } = random.pick(older);
  const at = random.below(file.durable.length);
  const sector = Math.floor(at / SECTOR_BYTES) * SECTOR_BYTES;
  const other = random.below(Math.ceil(file.durable.length / SECTOR_BYTES)) * SECTOR_BYTES;
  const kind = random.below(3);
  if (kind === 0) file.overwrite(at, Uint8Array.of((file.durable[at] ?? 0) ^ (1 << random.below(8))));
  else if (kind === 1) file.overwrite(sector, new Uint8Array(SECTOR_BYTES));
  else file.overwrite(sector, file.durable.slice(other, other + SECTOR_BYTES));
  return true;
}
