// Mocha hands unhandled rejections to other listeners and, where there is none, drops them: a test whose background work
// failed would pass. Thrown from here they become uncaught exceptions, which fail the running test, or the run
// when no test is running any more.
process.on('unhandledRejection', (reason) => {
  throw reason instanceof Error ? reason : new Error(`unhandled rejection: ${String(reason)}`);
});
