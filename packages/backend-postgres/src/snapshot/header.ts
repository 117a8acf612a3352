/** What a snapshot says before the data: how far it is, what the framework keeps, and which schemas there are. */
import { type BackendImage, readImage, writeImage } from '@quorate/core/ports';
import { ByteReader, ByteWriter } from '@quorate/wire';

export type SnapshotHeader = {
  readonly image: BackendImage;
  readonly catalogEpoch: number;
  /** Of the server that the snapshot was taken from; only the same or a later one can restore it. */
  readonly serverMajor: number;
  readonly schemas: readonly string[];
  /** Names of commands that were left out, separated by blanks. */
  readonly refused: string;
  /** Name, last value, whether it was given out. */
  readonly sequences: readonly (readonly (string | null)[])[];
};

export function encodeHeader(header: SnapshotHeader): Uint8Array {
  const out = new ByteWriter(4096);
  writeImage(out, header.image);
  const { catalogEpoch, serverMajor, schemas, refused, sequences } = header;
  out.text(JSON.stringify({ catalogEpoch, serverMajor, schemas, refused, sequences }));
  return out.bytes();
}

/** Copies what it keeps. */
export function decodeHeader(bytes: Uint8Array): SnapshotHeader {
  const reader = new ByteReader(bytes);
  const image = readImage(reader);
  const rest = JSON.parse(reader.text()) as Omit<SnapshotHeader, 'image'>;
  reader.end();
  return { image, ...rest };
}
