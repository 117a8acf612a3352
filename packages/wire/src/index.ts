/** Public surface of @quorate/wire: re-exports only. */

export { writeAnswer } from './answer-codec.ts';
export * from './batch.ts';
export * from './bytes.ts';
export * from './client-frame-codec.ts';
export * from './client-frames.ts';
export * from './command.ts';
export * from './echo.ts';
export * from './errors.ts';
export * from './node-frame-codec.ts';
export { PackedAnswers, type PackedCommands, packedResult } from './packed-answers.ts';
export { NIL_RESULT, type Result, readResult, resultSize, writeResult } from './result.ts';
