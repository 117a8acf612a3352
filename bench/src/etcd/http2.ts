/**
 * Just enough of HTTP/2 to load a gRPC server with unary calls: frame headers out, frames in, one fixed set of
 * request headers. The point is to cost the load process as little as possible, because it shares the processors
 * with the servers that it measures; a full gRPC client would be charged to etcd's account.
 *
 * Owns: the bytes of frames and of the request's header block. Leaves to `grpc-connection.ts`: calls, windows, errors.
 */

export const FRAME = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const FLAG_ACK = 1;
export const FLAG_END_STREAM = 1;
const FLAG_END_HEADERS = 4;
const FRAME_HEADER_BYTES = 9;
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const SETTING_ENABLE_PUSH = 2;
const MAX_WINDOW_BYTES = 2 ** 31 - 1;
const INITIAL_WINDOW_BYTES = 65_535;

export type Frame = {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
};

export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  bytes.set(payload, FRAME_HEADER_BYTES);
  return bytes;
}

/** What a client says first: no pushes, and as large a window for the connection as there is. */
export function opening(): Buffer {
  const settings = Buffer.alloc(6);
  settings.writeUInt16BE(SETTING_ENABLE_PUSH, 0);
  return Buffer.concat([
    Buffer.from(PREFACE),
    frame(FRAME.settings, 0, 0, settings),
    windowUpdate(MAX_WINDOW_BYTES - INITIAL_WINDOW_BYTES),
  ]);
}

export function windowUpdate(bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return frame(FRAME.windowUpdate, 0, 0, payload);
}

/** Headers and body of one call. */
export function request(stream: number, headerBlock: Uint8Array, body: Uint8Array): [Buffer, Buffer] {
  return [
    frame(FRAME.headers, FLAG_END_HEADERS, stream, headerBlock),
    frame(FRAME.data, FLAG_END_STREAM, stream, body),
  ];
}

/**
 * The header block of a gRPC call (HPACK, RFC 7541). The first one of a connection teaches the server the four
 * headers that are not in the static table; all later ones name them by their place in the table, newest first.
 */
export function firstHeaderBlock(path: string, authority: string): Buffer {
  return Buffer.concat([
    METHOD_POST_SCHEME_HTTP,
    Buffer.from([0x44]), // :path, name from the static table, to be remembered
    literal(path),
    Buffer.from([0x41]), // :authority
    literal(authority),
    Buffer.from([0x5f]), // content-type
    literal('application/grpc'),
    Buffer.from([0x40]), // te, name spelled out
    literal('te'),
    literal('trailers'),
  ]);
}

const METHOD_POST_SCHEME_HTTP = Buffer.from([0x83, 0x86]);
/** Dynamic table: 62 te, 63 content-type, 64 :authority, 65 :path. */
export const LATER_HEADER_BLOCK: Buffer = Buffer.concat([
  METHOD_POST_SCHEME_HTTP,
  Buffer.from([0xc1, 0xc0, 0xbf, 0xbe]),
]);

function literal(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length > 126) throw new RangeError('a header of more than 126 bytes needs a longer length form');
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** Cuts what a socket brings into frames. Payloads are views into the chunks. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  feed(chunk: Buffer, onFrame: (frame: Frame) => void): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let offset = 0;
    while (bytes.length - offset >= FRAME_HEADER_BYTES) {
      const end = offset + FRAME_HEADER_BYTES + bytes.readUIntBE(offset, 3);
      if (end > bytes.length) break;
      onFrame({
        type: bytes[offset + 3] ?? 0,
        flags: bytes[offset + 4] ?? 0,
        stream: bytes.readUInt32BE(offset + 5) & 0x7fffffff,
        payload: bytes.subarray(offset + FRAME_HEADER_BYTES, end),
      });
      offset = end;
    }
    this.#rest = bytes.subarray(offset);
  }
}
