/**
 * Time and chance for code that the log never shows: column defaults, triggers and functions. `prepare` puts one time
 * and one seed into the command; the store hands them to the functions of schema `quorate` below for as long as the
 * command runs. Schema changes are rewritten to call them (see `stored-code.ts`), so that `default now()` becomes
 * `default quorate.now()`.
 *
 * Values after the first of a command come from a counter, in the order of calls; the examination lets only those
 * statements pass whose calls come in the same order on every replica.
 */
import type { SqlCommand, SqlStatement } from './command.ts';

/** To be executed before the first statement of the command, in its transaction; undefined when it asks for nothing. */
export function pinStatement({ pins }: SqlCommand): SqlStatement | undefined {
  if (pins === undefined) return undefined;
  return { sql: PIN_SQL, params: [pins.now ?? '', pins.seed ?? ''] };
}

const PIN_SQL =
  "select set_config('quorate.now', $1, true), set_config('quorate.seed', $2, true), set_config('quorate.drawn', '0', true)";

/**
 * Idempotent; schema `quorate` exists. Where `quorate.applier` is on, a missing pin is an error; elsewhere (reads by
 * people) the functions answer as the built-in ones do.
 */
export const PINNED_FUNCTIONS_SQL = `
create or replace function quorate.now() returns timestamptz language plpgsql stable as $body$
begin
  if coalesce(current_setting('quorate.now', true), '') <> '' then
    return current_setting('quorate.now', true)::pg_catalog.timestamptz;
  elsif coalesce(current_setting('quorate.applier', true), '') = 'on' then
    raise exception 'quorate.now() was called by a command that was not prepared for it' using errcode = '0A000';
  end if;
  return pg_catalog.now();
end $body$;

create or replace function quorate.draw() returns text language plpgsql volatile as $body$
declare
  drawn bigint;
begin
  if coalesce(current_setting('quorate.seed', true), '') = '' then
    if coalesce(current_setting('quorate.applier', true), '') = 'on' then
      raise exception 'a random value was asked for by a command that was not prepared for it' using errcode = '0A000';
    end if;
    return pg_catalog.replace(pg_catalog.gen_random_uuid()::text, '-', '');
  end if;
  drawn := current_setting('quorate.drawn')::bigint + 1;
  perform pg_catalog.set_config('quorate.drawn', drawn::text, true);
  return pg_catalog.substr(pg_catalog.encode(pg_catalog.sha256(
    pg_catalog.convert_to(current_setting('quorate.seed') || ':' || drawn, 'UTF8')), 'hex'), 1, 32);
end $body$;

create or replace function quorate.gen_random_uuid() returns uuid language plpgsql volatile as $body$
declare
  drawn text := quorate.draw();
begin
  return pg_catalog.overlay(pg_catalog.overlay(drawn, '4', 13, 1),
    pg_catalog.substr('89ab', pg_catalog.strpos('0123456789abcdef', pg_catalog.substr(drawn, 17, 1)) % 4 + 1, 1),
    17, 1)::pg_catalog.uuid;
end $body$;

create or replace function quorate.random() returns double precision language plpgsql volatile as $body$
begin
  return ('x' || pg_catalog.substr(quorate.draw(), 1, 12))::bit(48)::bigint / 281474976710656::double precision;
end $body$;
`;
