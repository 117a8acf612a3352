// Mocha's usual output plus what scripts/test.mjs needs to know of a run: the two numbers that it adds up, and where
// each failure is. They travel in a file, because standard output belongs to the reader and the exit status cannot
// tell "none ran" from "all passed".
import { writeFileSync } from 'node:fs';

import Mocha from 'mocha';

export default class SummaryReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const failed = [];
    runner.on('fail', (test) => failed.push({ file: test.file, title: titleOf(test) }));
    runner.once('end', () => {
      const { passes, failures } = runner.stats;
      writeFileSync(options.reporterOptions.summary, JSON.stringify({ passes, failures, failed }));
    });
  }
}

/** A hook runs again with the tests around it. */
function titleOf(test) {
  return test.type === 'hook' ? test.parent.fullTitle() : test.fullTitle();
}
