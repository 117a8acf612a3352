/** Purpose: the small screen shows what a line editor draws, however its output is cut into chunks. */
import assert from 'node:assert/strict';
import { Screen } from './screen.ts';

const ESC = '\u001b';

describe('screen', () => {
  for (const [what, drawn, shown] of [
    ['text, line ends and colours', `a${ESC}[2mb${ESC}[0m\r\nc`, 'ab\nc'],
    ['a line that is drawn again', `> sex\r${ESC}[1G${ESC}[0J> set${ESC}[6G`, '> set'],
    ['characters written over others', 'abc\b\bX', 'aXc'],
    ['a cursor that moves and writes', `abc${ESC}[2DX${ESC}[1CY`, 'aXcY'],
    ['what is below being erased', `one\r\ntwo${ESC}[1A\r${ESC}[J`, ''],
    ['sequences that it does not know', `${ESC}[?2004ha${ESC}=b`, 'ab'],
  ] as const) {
    it(what, () => {
      const whole = new Screen(10);
      whole.write(drawn);
      const pieces = new Screen(10);
      for (const character of drawn) pieces.write(character);
      assert.deepEqual([whole.text, pieces.text], [shown, shown]);
    });
  }

  it('keeps the last lines', () => {
    const screen = new Screen(2);
    screen.write('1\r\n2\r\n3');
    assert.equal(screen.text, '2\n3');
  });
});
