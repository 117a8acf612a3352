-- The database of the corpus, made through the firewall: each block is one command.

create table accounts (
  id int primary key,
  owner text not null,
  balance numeric(12, 2) not null default 0 check (balance >= 0),
  opened timestamptz not null default now(),
  rating float8,
  born date,
  tags text[],
  data jsonb
)

create table events (
  id bigserial primary key,
  account int references accounts on delete cascade,
  kind text not null,
  at timestamptz not null default current_timestamp,
  token uuid not null default gen_random_uuid()
)

create table items (
  id int generated always as identity primary key,
  name text not null unique,
  price numeric(10, 2) not null,
  qty int not null default 1,
  total numeric generated always as (price * qty) stored
)

create table slots (place int primary key, who text)

create table movable (place int unique deferrable initially immediate, who text)

create table notes (id int primary key, body text, due timestamptz, day date, during tstzrange, at_times timestamptz[])

create table audit (n bigserial primary key, what text)

create table watched (id int primary key, v int)

create table stamped (id int primary key, v int, updated timestamptz)

create table deltas (id int primary key, account int not null, amount numeric(12, 2) not null)

create table logins (name text, at timestamptz, primary key (name, at))

create sequence tickets

create type mood as enum ('sad', 'ok', 'happy')

create domain email as text check (value like '%@%')

create table people (id int primary key, mail email, feels mood)

create view rich as select id, owner, balance from accounts where balance > 100

create view fresh as select id, kind from events where at > now() - interval '1 day'

create function add_tax(amount numeric) returns numeric language sql immutable as $$ select amount * 1.2 $$

create function any_account() returns int language sql as $$ select id from accounts limit 1 $$

create function lucky() returns float8 language sql as $$ select random() $$

create function owner_of(number int) returns text language sql stable as $$ select owner from accounts where id = number $$

create function run(what text) returns void language plpgsql as $$ begin execute what; end $$

create function swallow() returns void language plpgsql as $$
begin
  perform 1;
exception when others then null;
end $$

create function parse_time(what text) returns timestamptz language plpgsql as $$
declare
  result timestamptz;
begin
  result := what;
  return result;
end $$

create function stamp() returns trigger language plpgsql as $$
begin
  new.updated := now();
  return new;
end $$

create trigger stamp_it before insert or update on stamped for each row execute function stamp()

create function write_audit() returns trigger language plpgsql as $$
begin
  insert into audit (what) values (tg_op || ' ' || new.id);
  return new;
end $$

create trigger audit_it after insert or update on watched for each row execute function write_audit()

create procedure transfer(source int, target int, amount numeric) language plpgsql as $$
begin
  update accounts set balance = balance - amount where id = source;
  update accounts set balance = balance + amount where id = target;
  insert into events (account, kind) values (source, 'transfer');
end $$

create procedure number_all() language plpgsql as $$
declare
  r record;
begin
  for r in select id from accounts loop
    insert into audit (what) values ('account ' || r.id);
  end loop;
end $$

create procedure number_all_ordered() language plpgsql as $$
declare
  r record;
begin
  for r in select id from accounts order by id loop
    insert into audit (what) values ('account ' || r.id);
  end loop;
end $$

create function count_slots() returns bigint language sql as $$ select count(*) from slots $$

create function later_than(at timestamptz default now()) returns timestamptz language sql stable as $$ select at + interval '1 day' $$

create table chain (place int primary key, who text)

create function push() returns trigger language plpgsql as $$
begin
  new.place := new.place + 100;
  return new;
end $$

create trigger push_it before update on chain for each row execute function push()

create view fresh_owner as select id, owner from accounts where balance > 200

create table tagged (id int primary key)

create function tag() returns trigger language plpgsql as $$
begin
  insert into audit (what) values (tg_relid::text);
  return new;
end $$

create trigger tag_it after insert on tagged for each row execute function tag()

create table weights (id int primary key, weight numeric)
