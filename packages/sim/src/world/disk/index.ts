/** The simulated disk: re-exports only. */
export {
  type CrashKind,
  createSimDisk,
  type DiskImage,
  NAME_CALLS,
  RELIABLE_DISK,
  SimDisk,
  type SimDiskFaults,
  type SimDiskOptions,
} from './sim-disk.ts';
export { SECTOR_BYTES, SimFile } from './sim-file.ts';
