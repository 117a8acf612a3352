/**
 * The log lines of a node, on standard error: JSON by pino where a program reads them, one plain line each where a
 * person does. Written synchronously, so that the last words before a crash are there. Passwords are masked.
 */
import { maskSecrets } from '@quorate/core/config';
import type { LogFields, Logger } from '@quorate/core/ports';
import { pino } from 'pino';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const STDERR = 2;

export function createLogger(level: LogLevel, stream: NodeJS.WriteStream, bindings: LogFields): Logger {
  return stream.isTTY ? plainLogger(level, stream) : jsonLogger(level, bindings);
}

function withoutSecrets(fields: LogFields = {}): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      typeof value === 'string' ? maskSecrets(value) : value,
    ]),
  );
}

function jsonLogger(level: LogLevel, bindings: LogFields): Logger {
  const base = { pid: process.pid, ...bindings };
  const destination = pino.destination({ fd: STDERR, sync: true });
  // The reader of the lines is gone. The node is there for others: it goes on without them.
  destination.on('error', () => undefined);
  const sink = pino({ level, base, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  return {
    debug: (message, fields) => sink.debug(withoutSecrets(fields), message),
    info: (message, fields) => sink.info(withoutSecrets(fields), message),
    warn: (message, fields) => sink.warn(withoutSecrets(fields), message),
    error: (message, fields) => sink.error(withoutSecrets(fields), message),
  };
}

function plainLogger(level: LogLevel, stream: NodeJS.WriteStream): Logger {
  const log = (lineLevel: LogLevel, message: string, fields?: LogFields): void => {
    if (LOG_LEVELS.indexOf(lineLevel) < LOG_LEVELS.indexOf(level)) return;
    const time = new Date().toISOString().slice(11, 23);
    const rest = Object.entries(withoutSecrets(fields)).map(([key, value]) =>
      value === undefined ? '' : ` ${key}=${String(value)}`,
    );
    stream.write(`${time} ${lineLevel.padEnd(5)} ${message}${rest.join('')}\n`);
  };
  return {
    debug: (message, fields) => log('debug', message, fields),
    info: (message, fields) => log('info', message, fields),
    warn: (message, fields) => log('warn', message, fields),
    error: (message, fields) => log('error', message, fields),
  };
}
