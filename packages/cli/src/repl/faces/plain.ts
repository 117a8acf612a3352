/** Values as they are: the kv backend and everybody's own. */
import { NIL_TEXT, valueForTerminal } from '../../output/value.ts';
import type { ReplFace } from './face.ts';

export const PLAIN_FACE: ReplFace = {
  words: ['get ', 'set ', 'del '],
  help: `Commands go to the backend as they are. With the kv backend:
  get KEY            print the value of a key, (nil) if it has none
  set KEY VALUE      store a value and print it
  del KEY            delete a key and print its old value
  Values with spaces go in quotes: "two words", "line\\nbreak", "\\x00\\xff", 'as it "stands"'
`,
  isComplete: () => true,
  forTerminal: valueForTerminal,
  forPipe: (value) => value ?? NIL_TEXT,
};
