/**
 * Why a WebSocket is closed, as the number and short text that its close frame carries. The numbers up to 1013 are
 * those of RFC 6455 and its registry; 4000 and up are ours. The text is for people and begins with a code of the
 * error table where there is one.
 */
export const CLOSE_NORMAL = 1000;
export const CLOSE_GOING_AWAY = 1001;
export const CLOSE_UNSUPPORTED = 1003;
export const CLOSE_POLICY = 1008;
/** The greeting was refused. */
export const CLOSE_REFUSED = 4000;
/** A frame of an established link could not be read. */
export const CLOSE_UNREADABLE = 4001;
/** A newer connection of the same node took the place of this one. */
export const CLOSE_REPLACED = 4002;

/** A close frame has room for this much text. */
const MAX_REASON_BYTES = 123;

/** What a stranger wrote, as one line that is safe to show. */
export function printable(text: string): string {
  return text.replace(/\p{C}+/gu, ' ');
}

/** Cuts at a whole character. */
export function closeReason(text: string): string {
  if (Buffer.byteLength(text) <= MAX_REASON_BYTES) return text;
  let kept = '';
  let bytes = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > MAX_REASON_BYTES) break;
    kept += character;
  }
  return kept;
}
