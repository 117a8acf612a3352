// Settings of every mocha run, by `npm test` and by hand. Paths are absolute, so the working directory is free.
import { fileURLToPath } from 'node:url';

export default {
  'enable-source-maps': true,
  'forbid-only': true,
  'forbid-pending': true,
  require: [fileURLToPath(new URL('scripts/lib/fail-on-rejection.mjs', import.meta.url))],
  timeout: 20_000, // A test that hangs ends with it; none is about being fast, and the machine may be busy.
};
