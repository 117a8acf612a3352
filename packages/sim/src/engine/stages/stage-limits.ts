/** How the commands of a run are drawn. */
export type StageLimits = {
  readonly keys: number;
  readonly readShare: number;
  /** Values are padded with up to so many bytes. */
  readonly maxFillBytes: number;
  /** Share of the commands that are over `maxCommandBytes`. */
  readonly tooLargeChance: number;
  readonly maxCommandBytes: number;
};
