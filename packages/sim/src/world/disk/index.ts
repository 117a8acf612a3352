/** The simulated disk: re-exports only. */
export { NAME_CALLS, RELIABLE_DISK, type SimDiskFaults } from './disk-faults.ts';
export {
  type CrashKind,
  createSimDisk,
  type DiskImage,
  SimDisk,
  type SimDiskOptions,
} from './sim-disk.ts';
export { SECTOR_BYTES, SimFile } from './sim-file.ts';
