/** Every decoder of the product, in one list. Decoders that are added belong here. */
import type { FuzzTarget } from './fuzz-target.ts';
import { FRAME_TARGETS } from './targets/frames.ts';
import { journalTarget } from './targets/journal.ts';
import { storeTargets } from './targets/stores.ts';
import { textTargets } from './targets/text.ts';

/** `directory` is theirs to write in. */
export async function allTargets(directory: string): Promise<readonly FuzzTarget[]> {
  return [
    ...FRAME_TARGETS,
    ...(await storeTargets()),
    ...(await textTargets(directory)),
    await journalTarget(directory),
  ];
}
