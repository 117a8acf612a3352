/**
 * What backends keep beside their data, and the two decisions that every one of them makes about it: may this batch
 * be applied, and how does mark, records and last results look as bytes in a snapshot or a row.
 *
 * For the authors of backends; the framework does not need it. Decoders are total: they give an image or throw
 * `WIRE_MALFORMED`.
 */
import {
  type ByteReader,
  type ByteWriter,
  malformed,
  type Result,
  readResult,
  writeResult,
} from '@quorate/wire';
import { asSlot } from '../protocol/types.ts';
import {
  type AppliedMark,
  BackendDiverged,
  type BackendImage,
  BackendRewound,
  type SystemRecord,
} from './backend.ts';

/** Nothing stored, nothing applied. */
export const EMPTY_IMAGE: BackendImage = { mark: undefined, records: [], lastResults: [] };

/** The step from one mark to the next, as `ApplyBatch` carries it. */
export type MarkStep = { readonly previous: AppliedMark; readonly next: AppliedMark };

export function equalMarks(left: AppliedMark, right: AppliedMark): boolean {
  return (
    left.slot === right.slot &&
    left.digest === right.digest &&
    left.group === right.group &&
    left.clusterId === right.clusterId
  );
}

export function describeMark(mark: AppliedMark | undefined): string {
  if (mark === undefined) return 'no mark';
  return `slot ${mark.slot}, digest ${mark.digest}, group ${mark.group} of cluster ${mark.clusterId}`;
}

/**
 * 'apply': the stored mark is the one that the step starts from. 'repeated': the step was made before and its
 * answer was lost. An empty store has no mark and takes any first step from slot 0.
 * @throws BackendRewound when the store is older than that, or empty; BackendDiverged when it is somewhere else
 */
export function judgeStep(stored: AppliedMark | undefined, step: MarkStep): 'apply' | 'repeated' {
  if (stored === undefined ? step.previous.slot === 0 : equalMarks(stored, step.previous)) return 'apply';
  if (stored !== undefined && equalMarks(stored, step.next)) return 'repeated';
  const message = `the store holds ${describeMark(stored)}; the batch leads from ${describeMark(step.previous)} to ${describeMark(step.next)}`;
  throw isOlder(stored, step.previous) ? new BackendRewound(message) : new BackendDiverged(message);
}

function isOlder(stored: AppliedMark | undefined, expected: AppliedMark): boolean {
  if (stored === undefined) return true;
  const { clusterId, group, slot } = stored;
  return clusterId === expected.clusterId && group === expected.group && slot < expected.slot;
}

/** Puts a delta into the records that are kept: later values replace earlier ones, null deletes. */
export function mergeRecords(kept: Map<string, Uint8Array>, delta: readonly SystemRecord[]): void {
  for (const { key, value } of delta) {
    if (value === null) kept.delete(key);
    else kept.set(key, value);
  }
}

/** Records sorted by key, so that equal images give equal bytes. */
export function writeImage(out: ByteWriter, image: BackendImage): void {
  out.u8(image.mark === undefined ? 0 : 1);
  if (image.mark !== undefined) writeMark(out, image.mark);
  const records = image.records
    .filter((record) => record.value !== null)
    .sort((left, right) => (left.key < right.key ? -1 : 1));
  out.u32(records.length);
  for (const { key, value } of records) {
    out.text(key);
    out.block(value ?? new Uint8Array(0));
  }
  out.u32(image.lastResults.length);
  for (const result of image.lastResults) writeResult(out, result);
}

/** Copies what it keeps. */
export function readImage(reader: ByteReader): BackendImage {
  const mark = reader.flag() ? readMark(reader) : undefined;
  const records: SystemRecord[] = [];
  const recordCount = reader.u32();
  for (let index = 0; index < recordCount; index++)
    records.push({ key: reader.text(), value: reader.block().slice() });
  const lastResults: Result[] = [];
  const resultCount = reader.u32();
  for (let index = 0; index < resultCount; index++) lastResults.push(ownedResult(readResult(reader)));
  return { mark, records, lastResults };
}

export function writeMark(out: ByteWriter, mark: AppliedMark): void {
  out.text(mark.clusterId);
  out.u32(mark.group);
  out.integer(mark.slot);
  out.text(mark.digest);
}

export function readMark(reader: ByteReader): AppliedMark {
  const mark = {
    clusterId: reader.text(256),
    group: reader.u32(),
    slot: asSlot(reader.integer()),
    digest: reader.text(16),
  };
  if (!/^[0-9a-f]{16}$/.test(mark.digest))
    throw malformed('a mark with a digest that is not 16 hexadecimal digits');
  return mark;
}

function ownedResult(result: Result): Result {
  return result.ok && result.value !== null ? { ok: true, value: result.value.slice() } : result;
}
