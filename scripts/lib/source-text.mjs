// Just enough understanding of TypeScript text for the boundary check: what is code, what is comment or string, and
// which modules a file names. TypeScript 7 offers no parser to scripts, and the check needs only words and lines.

/** Words after which a slash starts a regular expression rather than a division. */
const BEFORE_PATTERN =
  /(?:^|[([{,;:=!&|?+\-*%<>~^]|\b(?:return|typeof|case|in|of|new|delete|void|throw))\s*$/;

/**
 * Same text with every character of a comment, string, template or pattern turned into a blank, newlines kept, so
 * positions and line numbers stay true. Code inside `${}` of a template stays code.
 */
export function codeOnly(text) {
  return scan(text, { keepStrings: false });
}

/** Like `codeOnly`, but strings stay: module names are strings. */
export function withoutComments(text) {
  return scan(text, { keepStrings: true });
}

function scan(text, { keepStrings }) {
  let out = '';
  let at = 0;
  const braces = []; // For each open brace: true when it belongs to a `${` of a template.
  const blank = (until) => {
    out += text.slice(at, until).replace(/[^\n]/g, ' ');
    at = until;
  };
  const literal = (until) => {
    if (!keepStrings) return blank(until);
    out += text.slice(at, until);
    at = until;
  };
  while (at < text.length) {
    const char = text[at];
    const pair = text.slice(at, at + 2);
    if (pair === '//') blank(endOfLine(text, at));
    else if (pair === '/*') blank(after(text, '*/', at + 2));
    else if (char === "'" || char === '"') literal(endOfQuoted(text, at));
    else if (char === '`' || (char === '}' && braces.at(-1) === true)) {
      if (char === '}') braces.pop();
      const end = endOfTemplatePart(text, at);
      if (text.slice(end - 2, end) === '${') braces.push(true);
      literal(end);
    } else if (char === '/' && BEFORE_PATTERN.test(out.slice(-200))) blank(endOfPattern(text, at));
    else {
      if (char === '{') braces.push(false);
      if (char === '}') braces.pop();
      out += char;
      at += 1;
    }
  }
  return out;
}

function after(text, mark, from) {
  const found = text.indexOf(mark, from);
  return found === -1 ? text.length : found + mark.length;
}

function endOfLine(text, from) {
  const found = text.indexOf('\n', from);
  return found === -1 ? text.length : found;
}

function endOfQuoted(text, from) {
  const quote = text[from];
  let at = from + 1;
  while (at < text.length && text[at] !== quote && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1;
  return Math.min(at + 1, text.length);
}

/** The end of the piece that starts at a backtick or at the brace that closes a substitution. */
function endOfTemplatePart(text, from) {
  let at = from + 1;
  while (at < text.length) {
    if (text[at] === '\\') at += 2;
    else if (text[at] === '`') return at + 1;
    else if (text[at] === '$' && text[at + 1] === '{') return at + 2;
    else at += 1;
  }
  return text.length;
}

function endOfPattern(text, from) {
  let inClass = false;
  let at = from + 1;
  while (at < text.length && text[at] !== '\n') {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '[') inClass = true;
    else if (text[at] === ']') inClass = false;
    else if (text[at] === '/' && !inClass) return at + 1;
    at += 1;
  }
  return at;
}

const IMPORT =
  /\b(?:import|export)\b(?<head>[^'";]*?\bfrom\s*|\s*\(\s*|\s*)(?<quote>['"])(?<module>[^'"\n]+)\k<quote>/g;

/** @returns {Array<{ module: string, line: number, typeOnly: boolean }>} every module that the file names */
export function importsOf(text) {
  return [...withoutComments(text).matchAll(IMPORT)].map((match) => ({
    module: match.groups.module,
    line: lineOf(text, match.index),
    typeOnly: /^\s*type\b/.test(match.groups.head),
  }));
}

/** 1-based line of a position. */
export function lineOf(text, index) {
  return text.slice(0, index).split('\n').length;
}
