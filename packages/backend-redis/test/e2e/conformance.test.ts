/** The Redis backend keeps the rules of all backends, on real servers. */
import { conformance } from '@quorate/backend-redis/conformance';
import { backendConformance } from '@quorate/core/testing';

describe('Redis backend', function () {
  this.timeout(120_000);
  const subject = conformance();

  // One store is a process: those of a rule end with it.
  afterEach(async () => subject.stop?.());

  backendConformance(subject);
});
