// Mocha's usual output plus the two numbers that scripts/test.mjs adds up over all runs. They travel in a file,
// because standard output belongs to the reader and the exit status cannot tell "none ran" from "all passed".
import { writeFileSync } from 'node:fs';

import Mocha from 'mocha';

export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const { passes, failures } = runner.stats;
      writeFileSync(options.reporterOptions.counts, JSON.stringify({ passes, failures }));
    });
  }
}
