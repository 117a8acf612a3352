// A process that is node 2 of a cluster and nothing else, to be killed by a test. Prints its port as a line.
import { TestNode } from './harness.ts';

const node = await new TestNode({ node: 2, incarnation: Number(process.argv[2] ?? 1) }).start();
process.stdout.write(`${node.port}\n`);
