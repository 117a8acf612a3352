#!/usr/bin/env node
// Starts the compiled command line. It exists, apart from dist/, so that npm can link the `quorate` binary
// in a fresh clone, before anything was built.
import { existsSync } from 'node:fs';

const main = new URL('../dist/main.js', import.meta.url);

if (existsSync(main)) {
  await import(main.href);
} else {
  process.stderr.write('quorate: not built yet, run `npm run build` in the repository first\n');
  process.exitCode = 1;
}
