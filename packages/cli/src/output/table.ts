/**
 * Rows of text in columns: plain with two blanks between them, or with lines around them. Numbers go to the right.
 * Width is counted in characters, which is right for the ASCII that our own tables hold.
 */
export type TableStyle = 'plain' | 'boxed';

export function renderTable(
  header: readonly string[] | undefined,
  rows: readonly (readonly string[])[],
  style: TableStyle,
): string {
  const all = header === undefined ? rows : [header, ...rows];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string[] =>
    widths.map((width, column) => pad(row[column] ?? '', width));
  if (style === 'plain') return all.map((row) => `${line(row).join('  ').trimEnd()}\n`).join('');
  const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+\n`;
  const boxed = (row: readonly string[]): string => `| ${line(row).join(' | ')} |\n`;
  const head = header === undefined ? '' : `${boxed(header)}${rule}`;
  return `${rule}${head}${rows.map(boxed).join('')}${rule}`;
}

function pad(text: string, width: number): string {
  return /^-?\d+(?:\.\d+)*$/.test(text) ? text.padStart(width) : text.padEnd(width);
}
