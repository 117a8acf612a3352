/** Texts of a bounded length, for messages that quote what somebody else wrote. */

/** The beginning of `text`, at most `maxUnits` UTF-16 units, never half of a character beyond the first 2^16. */
export function cutText(text: string, maxUnits: number): string {
  if (text.length <= maxUnits) return text;
  const last = text.charCodeAt(maxUnits - 1);
  const isHalf = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, isHalf ? maxUnits - 1 : maxUnits);
}
