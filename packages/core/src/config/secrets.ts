/**
 * Passwords do not belong on a screen, in a log or in a status: URLs with a password and `password=...` are masked in any
 * text, and everything under a key that is called a secret in plain data.
 */
const HIDDEN = '***';

/** `scheme://user:PASSWORD@`, up to the last @ before the next space or quote: passwords may hold slashes. */
const URL_PASSWORD = /([a-z][a-z0-9+.-]{0,30}:\/\/[^\s:@/"']{0,256}):[^\s"']+@/gi;
const NAMED_SECRET = /\b(password|passwd|secret|token)=[^\s&;,"']+/gi;

export function maskSecrets(text: string): string {
  return text.replace(URL_PASSWORD, `$1:${HIDDEN}@`).replace(NAMED_SECRET, `$1=${HIDDEN}`);
}

/** The same for what a configuration holds. */
export function hideSecrets(value: unknown): unknown {
  if (typeof value === 'string') return maskSecrets(value);
  if (Array.isArray(value)) return value.map(hideSecrets);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      /password|secret|token/i.test(key) ? HIDDEN : hideSecrets(inner),
    ]),
  );
}
