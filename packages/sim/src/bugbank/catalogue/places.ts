/** Short names for the sources that mutants change. */
import type { Patch } from '../../mutants/patch.ts';

type Plant = (file: string, find: string, replace: string) => Patch;

function below(folder: string): Plant {
  return (file, find, replace) => ({ file: `${folder}/${file}`, find, replace });
}

export const protocol: Plant = below('core/protocol');
export const runtime: Plant = below('core/runtime');
export const server: Plant = below('core/server');
export const journal: Plant = below('core/adapters/sqlite-journal');
export const segments: Plant = below('core/adapters/segment-journal');
export const journalCommon: Plant = below('core/adapters/journal-common');
export const peerWire: Plant = below('core/wire');
export const ports: Plant = below('core/ports');
export const wire: Plant = below('wire');
export const kv: Plant = below('backend-kv');
export const client: Plant = below('client');
