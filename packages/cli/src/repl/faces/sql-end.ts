/**
 * Where SQL ends: at a semicolon that stands in no quotes, no dollar quotes and no comment, with nothing but white space and
 * comments behind it. Only for people who type; the server's own grammar reads the command.
 */
const TOKENS =
  /--[^\n]*|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$([A-Za-z_]\w*)?\$[^]*?\$\1\$|\$(?:[A-Za-z_]\w*)?\$|\/\*|\*\/|;|\s+|[^\s;'"$/*-]+|[^]/g;

export function endsWithSemicolon(text: string): boolean {
  let isEnded = false;
  let commentDepth = 0;
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '/*') commentDepth += 1;
    else if (token === '*/' && commentDepth > 0) commentDepth -= 1;
    else if (commentDepth > 0 || /^\s|^--/.test(token)) continue;
    else if (token === "'" || token === '"' || isOpenDollar(token))
      return false; // Quotes that are still open.
    else isEnded = token === ';';
  }
  return isEnded && commentDepth === 0;
}

/** A closed dollar quote holds its mark twice. */
function isOpenDollar(token: string): boolean {
  return token.length > 1 && /^\$\w*\$$/.test(token);
}
