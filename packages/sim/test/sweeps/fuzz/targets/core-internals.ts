/**
 * Two decoders that read what strangers and disks bring and are no part of the surface of @quorate/core: greetings
 * between nodes and the session table's records. Taken from its compiled files, because a decoder must not become public
 * to be fuzzed. What is used of them is spelled out here; when it changes, the corpus is refused and the fuzzer says so.
 */
export type Greeting =
  | ({ readonly kind: 'hello' } & Readonly<Record<string, unknown>>)
  | { readonly kind: 'reject'; readonly code: string | undefined; readonly message: string }
  | { readonly kind: 'ready' };

export type GreetingCodec = {
  readonly encodeHello: (hello: Readonly<Record<string, unknown>>) => Uint8Array;
  readonly encodeReject: (code: string, message: string) => Uint8Array;
  readonly encodeReady: () => Uint8Array;
  readonly decodeGreeting: (bytes: Uint8Array) => Greeting;
};

export type SessionRecordReader = {
  readonly readRecords: (
    slot: number,
    records: readonly { readonly key: string; readonly value: Uint8Array | null }[],
    resultCount: number,
  ) => unknown;
};

const CORE = new URL('../../../../../core/dist/', import.meta.url);

export async function loadGreetings(): Promise<GreetingCodec> {
  return (await import(new URL('adapters/websocket/hello.js', CORE).href)) as GreetingCodec;
}

export async function loadSessionRecords(): Promise<SessionRecordReader> {
  return (await import(new URL('runtime/session-record-reader.js', CORE).href)) as SessionRecordReader;
}
