/** Values as they are: everybody's own backend, and the kv backend, whose words are known. */
import { NIL_TEXT, valueForTerminal } from '../../output/value.ts';
import type { ReplFace } from './face.ts';

const QUOTES = String.raw`  Values with spaces go in quotes: "two words", "line\nbreak", "\x00\xff", 'as it "stands"'
`;

export const PLAIN_FACE: ReplFace = {
  words: [],
  help: `Commands go to the backend as they are; what it knows, it tells when it is given something else.
${QUOTES}`,
  isComplete: () => true,
  forTerminal: valueForTerminal,
  forPipe: (value) => value ?? NIL_TEXT,
};

export const KV_FACE: ReplFace = {
  ...PLAIN_FACE,
  words: ['get ', 'set ', 'del '],
  help: `Commands of the kv backend:
  get KEY            print the value of a key, (nil) if it has none
  set KEY VALUE      store a value and print it
  del KEY            delete a key and print its old value
${QUOTES}`,
};
