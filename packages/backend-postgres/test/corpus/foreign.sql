-- Things that were in the database before, made past the firewall: each block is one statement.

create table native_default (id int primary key, at timestamptz default now(), note text)

create table native_chance (id int primary key, key uuid default gen_random_uuid())

create table ruled (id int primary key, v int)

create rule ruled_twice as on insert to ruled do also insert into audit (what) values ('ruled')

create unlogged table scratch (id int primary key)

create table guarded (id int primary key)

alter table guarded enable row level security

create table late (id int primary key, other int unique deferrable initially deferred)

create sequence cached cache 20

create table numbered_by_cache (id int default nextval('cached'), v int)

create operator === (leftarg = text, rightarg = text, function = texteq)

create function native_clock() returns timestamptz language sql stable as 'select clock_timestamp()'

create view native_view as select id from events where at > now()

create table base (id int primary key, v int)

create table heir (w int) inherits (base)

create function volatile_check(n int) returns boolean language plpgsql immutable as 'begin return n > extract(epoch from now()) * 0; end'

create table lying (id int primary key, n int check (volatile_check(n)))

create materialized view sums as select account, sum(amount) as total from deltas group by account
