-- Each block: the expected verdict, then a command. `read`, `write` (logged as it is), `frozen` (what is fixed),
-- `refused` (words of the reason). Parameters of a block stand in a comment of their own, as JSON.

-- read
select 1

-- read
select * from accounts where balance > 100 order by owner limit 5

-- read
select now(), random(), gen_random_uuid(), current_user, version()

-- read
with rich as (select * from accounts where balance > 50) select count(*) from rich

-- read
table accounts

-- read
values (1), (2)

-- read
select * from pg_class limit 1

-- read
explain select * from accounts

-- read
explain delete from accounts

-- read
explain (analyze, timing off) select 1

-- read
show timezone

-- read
-- params: ["3"]
select * from accounts where id = $1

-- read
select array_agg(id) from accounts

-- read
select * from accounts tablesample bernoulli (10)

-- read
select a.owner, e.kind from accounts a left join events e on e.account = a.id

-- write
insert into accounts (id, owner, opened) values (100, 'ann', '2024-05-01 10:00')

-- write
-- params: ["100", "bob", "12.5"]
insert into notes (id, body) values ($1, $2 || ' ' || $3)

-- write
-- params: ["100", "now"]
insert into notes (id, body) values ($1, $2)

-- write
insert into notes (id, body, due) values (101, 'today', '2024-02-29 12:00+02')

-- write
insert into notes (id, body) values (1, 'again') on conflict (id) do update set body = excluded.body || notes.body

-- write
insert into notes (id, body) values (1, 'again'), (50, 'new') on conflict do nothing

-- write
insert into notes (id, body) values (200, 'now'::text)

-- write
insert into slots (place, who) select id + 100, owner from accounts

-- write
insert into slots (place, who) select g + 500, 'x' from generate_series(1, 50) g

-- write
insert into deltas select id + 1000, account, amount * 2 from deltas where amount > 10

-- write
insert into audit (what) values ('one'), ('two'), ('three')

-- write
insert into audit (what) select owner from accounts order by id

-- write
insert into audit (what) select owner from accounts order by owner, id

-- write
insert into audit (what) select a.owner || d.id from accounts a join deltas d on d.account = a.id order by d.id

-- write
insert into audit (what) select owner from accounts group by owner order by owner

-- write
insert into audit (what) select distinct owner from accounts order by owner

-- write
insert into audit (what) select g::text from generate_series(1, 10) g

-- write
insert into audit (what) select id::text from (select id from accounts union select id from deltas) both_of order by id desc limit 0

-- write
insert into audit (n, what) select id + 5000, owner from accounts

-- write
insert into audit (what) select name from (values ('x'), ('y')) as names (name)

-- write
insert into items (name, price, qty) values ('drill', 99.90, 1), ('bit', 2.5, 12) returning id, total

-- write
insert into items (name, price) values ('nail', 0.2) on conflict (name) do update set price = excluded.price, qty = items.qty + 1

-- write
insert into people values (100, 'z@example.org', 'happy')

-- write
-- error: 23514
insert into people values (101, 'no address', 'happy')

-- write
insert into accounts (id, owner, opened, data) values (101, 'json', '2024-01-01', '{"a": [1, 2]}')

-- write
insert into accounts (id, owner, opened, tags) values (102, 'tags', '2024-01-01', array['x', 'y'])

-- write
-- error: 23514
insert into accounts (id, owner, opened, balance) values (103, 'poor', '2024-01-01', -1)

-- write
-- error: 23505
insert into accounts (id, owner, opened) values (1, 'twice', '2024-01-01')

-- write
insert into notes (id, body) values (300, (select max(owner) from accounts))

-- write
insert into notes (id, body) values (301, (select owner from accounts where id = 7))

-- write
insert into notes (id, body) select 302, string_agg(owner, ',' order by id) from accounts

-- write
insert into notes (id, body) select 303, array_agg(owner order by owner)::text from accounts

-- write
insert into notes (id, body) select 304, sum(amount)::text from deltas

-- write
insert into notes (id, body) select 305, sum(rating::numeric)::text from accounts

-- write
insert into notes (id, body) select 306, jsonb_agg(id order by id)::text from accounts

-- write
insert into notes (id, body) select id + 400, rank() over (order by owner)::text from accounts

-- write
insert into notes (id, body) select id + 400, row_number() over (order by owner, id)::text from accounts

-- write
insert into notes (id, body) select id + 400, sum(balance) over (partition by owner order by balance)::text from accounts

-- write
insert into notes (id, body) select id + 400, lag(owner) over w from accounts window w as (order by id)

-- write
insert into notes (id, body) select 307, owner from accounts order by balance, id limit 1

-- write
insert into notes (id, body) select 308, owner from accounts order by id offset 3 limit 1

-- write
insert into notes (id, body) select id + 600, owner from accounts order by balance desc fetch first 3 rows with ties

-- write
insert into notes (id, body) select 309, count(*)::text from accounts where exists (select 1 from deltas where account = accounts.id limit 1)

-- write
insert into notes (id, body, due) select 310, 'x', to_timestamp('2024-01-05', 'YYYY-MM-DD')

-- write
insert into notes (id, body, due) select id + 700, owner, opened + interval '1 month' from accounts

-- write
insert into notes (id, body) select id + 700, to_char(opened, 'YYYY-MM-DD HH24:MI TZ') from accounts

-- write
insert into notes (id, body) select id + 700, extract(hour from opened)::text || date_trunc('week', opened) from accounts

-- write
insert into notes (id, body) select id + 700, age('2024-06-01'::timestamptz, opened)::text from accounts

-- write
insert into notes (id, body) select id + 700, add_tax(balance)::text from accounts

-- write
insert into notes (id, body) select id + 700, owner_of(id) from accounts

-- write
insert into notes (id, body) values (311, md5('x') || upper('y') || repeat('ab', 3) || coalesce(null, 'z'))

-- write
insert into notes (id, body) values (312, case when 1 > 0 then greatest('a', 'b') else 'c' end)

-- write
insert into notes (id, body) values (313, format('%s-%s', 1, 'x')), (314, concat('a', 1, null)), (315, quote_literal('it''s'))

-- write
insert into notes (id, at_times) values (316, array['2024-01-01'::timestamptz])

-- write
insert into notes (id, during) values (317, '[2024-01-01, 2024-02-01)')

-- write
insert into notes (id, body) select 318, owner from rich order by id limit 1

-- write
insert into notes (id, body) select 320, percentile_cont(0.5) within group (order by balance)::text from accounts

-- write
insert into notes (id, body) select 321, data->>'n' from accounts where data @> '{"n": 4}' and id = 4

-- write
insert into events (account, kind, at, token) values (3, 'x', '2024-01-01', '00000000-0000-4000-8000-000000000001') returning *

-- write
update accounts set balance = balance + 1

-- write
update accounts set balance = balance + 1 where owner = 'owner 3'

-- write
update accounts set balance = balance + 1, owner = upper(owner) where id = 5 returning *

-- write
update accounts set balance = balance + 1 where id in (1, 2, 3) returning id, balance

-- write
update accounts set balance = (select coalesce(sum(amount), 0) from deltas where account = accounts.id)

-- write
update accounts a set balance = a.balance + d.amount from deltas d where d.id = a.id

-- write
update accounts a set balance = a.balance + s.total from (select sum(amount) as total from deltas) s

-- write
update accounts set (balance, owner) = (select 1, 'x') where id = 3

-- write
update accounts set tags[1] = 'first' where tags is not null

-- write
update accounts set data = jsonb_set(data, '{n}', '0') where data ? 'n'

-- write
update accounts set born = born + 1, opened = opened + interval '1 day' where born > '2000-01-10'

-- write
update accounts set rating = rating * 1.5 where rating > 3

-- write
update accounts set balance = default where id = 2

-- write
update slots set who = 'same'

-- write
update slots set place = 500 where place = 5

-- write
update movable set place = place + 1

-- write
update watched set v = v + 1 where id = 2

-- write
update people set feels = 'sad' where mail like '%3@%'

-- write
update base set v = v + 1

-- write
update accounts set owner = 'x' where id = (select max(id) from accounts)

-- write
update accounts set owner = 'first' where id = (select id from accounts order by balance desc, id limit 1)

-- write
update accounts set owner = 'some' where id in (select account from deltas where amount > 50)

-- write
-- params: ["9.75", "4"]
update accounts set balance = $1 where id = $2

-- write
delete from accounts where id = 3

-- write
delete from accounts where balance < 100

-- write
delete from deltas using accounts a where deltas.account = a.id and a.owner = 'owner 2'

-- write
delete from notes where id in (select id from notes order by id limit 3)

-- write
delete from notes where id > 3 returning id, body

-- write
delete from notes

-- write
with gone as (delete from deltas where amount > 60 returning account, amount) insert into slots (place, who) select 1000 + (amount * 2)::int, 'd' from gone

-- write
with gone as (delete from deltas returning amount) select count(*), sum(amount) from gone

-- write
with new_one as (insert into items (name, price) values ('one more', 1) returning id) insert into audit (what) select 'item ' || id from new_one

-- write
insert into notes (id, body) values (330, 'a'); update notes set body = body || 'b' where id = 330; delete from notes where id = 331

-- write
update accounts set balance = balance - 10 where id = 4; update accounts set balance = balance + 10 where id = 6; select sum(balance) from accounts

-- write
merge into accounts a using deltas d on d.id = a.id when matched then update set balance = a.balance + d.amount

-- write
merge into notes n using (values (1, 'merged'), (900, 'made')) as v (id, body) on n.id = v.id when matched then update set body = v.body when not matched then insert (id, body) values (v.id, v.body)

-- write
truncate notes

-- write
truncate events, items restart identity

-- write
select nextval('tickets')

-- write
insert into slots (place, who) values (nextval('tickets') + 2000, 'drawn'), (nextval('tickets') + 2000, 'drawn')

-- write
update slots set who = nextval('tickets')::text where place = 3

-- write
call number_all_ordered()

-- write
create table plain (id int primary key, name text, made timestamptz)

-- write
create table child (id int primary key, parent int references accounts on delete set null on update cascade, check (id > 0))

-- write
create table parts (id int, day date not null) partition by range (day)

-- write
create table copy_of as select id, owner from accounts where id < 10

-- write
create index on accounts (owner)

-- write
create unique index lower_owner on accounts (lower(owner), id) where id > 5

-- write
alter table accounts add column extra int default 7, add check (extra > 0)

-- write
alter table slots alter column who type varchar(100)

-- write
alter table slots alter column who type text using upper(who)

-- write
alter table accounts drop column rating

-- write
alter table notes add constraint short check (length(body) < 100)

-- write
alter table accounts rename column owner to holder

-- write
alter table slots rename to places

-- write
alter sequence tickets restart with 50

-- write
create view poor as select id from accounts where balance < 20

-- write
create function twice(n int) returns int language sql immutable as $$ select n * 2 $$

-- write
create type size as (w int, h int)

-- write
alter type mood add value 'bored'

-- write
create domain positive as int check (value > 0)

-- write
create schema other

-- write
comment on table accounts is 'money'

-- write
drop table audit, watched cascade

-- write
drop view fresh

-- write
create statistics ids (dependencies) on id, owner from accounts

-- write
create sequence more start 5 increment 3

-- frozen: the time as timestamptz
insert into notes (id, body, due) values (340, 'x', now())

-- frozen: the time as timestamptz
insert into notes (id, due) values (341, current_timestamp), (342, clock_timestamp()), (343, pg_catalog.now())

-- frozen: the time as timestamptz(0)
insert into notes (id, due) values (344, current_timestamp(0))

-- frozen: the time as date
insert into notes (id, day) values (345, current_date)

-- frozen: the time as timestamp
insert into notes (id, body) values (346, localtimestamp::text || localtime::text || current_time::text)

-- frozen: the time as timestamptz
update notes set due = now() + interval '1 hour' where due < now()

-- frozen: the time as timestamptz
delete from events where at < now() - interval '7 days'

-- frozen: the time as timestamptz
-- params: ["350", "é text"]
insert into notes (id, body, due) values ($1, 'é' || $2, now())

-- frozen: one random uuid
insert into notes (id, body) values (351, gen_random_uuid()::text), (352, gen_random_uuid()::text)

-- frozen: one random float8
insert into notes (id, body) values (353, (random() * 100)::int::text)

-- frozen: one random uuid
update notes set body = gen_random_uuid()::text where id = 4

-- frozen: the time for quorate.now()
insert into accounts (id, owner) values (110, 'ann')

-- frozen: the time for quorate.now(), a seed
insert into events (account, kind) values (3, 'a'), (4, 'b') returning id, at, token

-- frozen: the time for quorate.now(), a seed
insert into events (account, kind) select id, owner from accounts order by id

-- frozen: the time for quorate.now()
update accounts set opened = default where id = 7

-- frozen: the time for quorate.now()
update stamped set v = v + 1

-- frozen: the time for quorate.now()
insert into stamped (id, v) values (50, 1)

-- frozen: the time for quorate.now()
insert into audit (what) select kind from fresh order by id

-- frozen: a seed
insert into notes (id, body) values (354, lucky()::text)

-- frozen: the time for quorate.now(), a seed
call transfer(10, 11, 2.5)

-- frozen: default quorate.now()
create table timed (id int primary key, at timestamptz default now(), day date default current_date)

-- frozen: quorate.gen_random_uuid()
create table keyed (id uuid primary key default gen_random_uuid(), name text)

-- frozen: quorate.now()
alter table slots add column at timestamptz not null default now()

-- frozen: quorate.now()
alter table notes alter column due set default current_timestamp

-- frozen: quorate.now()
create function touch() returns trigger language plpgsql as $$ begin new.at := now(); return new; end $$

-- frozen: quorate.now()
create view recent as select id from events where at > now() - interval '1 hour'

-- frozen: quorate.now()
create table snap as select id, now() as taken from accounts

-- frozen: quorate.now()
create function age_of(born date) returns interval language sql stable as $$ select age(current_date, born) $$

-- refused: transaction control
begin

-- refused: transaction control
insert into notes (id) values (1); commit

-- refused: transaction control
savepoint a

-- refused: SET changes a session
set timezone = 'Asia/Tokyo'

-- refused: SET changes a session
reset all

-- refused: DISCARD
discard all

-- refused: COPY
copy accounts from stdin

-- refused: COPY
copy accounts to '/tmp/x'

-- refused: LISTEN
listen news

-- refused: NOTIFY
notify news, 'x'

-- refused: VACUUM
vacuum accounts

-- refused: VACUUM
analyze

-- refused: REINDEX
reindex table accounts

-- refused: CLUSTER
cluster accounts using accounts_pkey

-- refused: LOCK TABLE
lock table accounts

-- refused: cursors
declare c cursor for select * from accounts

-- refused: cursors
fetch next from c

-- refused: PREPARE
prepare p as select 1

-- refused: EXECUTE
execute p

-- refused: DO block
do $$ begin delete from accounts; end $$

-- refused: SET CONSTRAINTS
set constraints all deferred

-- refused: roles
create role ann

-- refused: privileges
grant select on accounts to public

-- refused: owners
alter table accounts owner to postgres

-- refused: databases
create database other

-- refused: ALTER SYSTEM
alter system set work_mem = '1MB'

-- refused: tablespace
create table there (id int) tablespace pg_default

-- refused: LOAD
load 'x'

-- refused: CHECKPOINT
checkpoint

-- refused: rules
create rule twice as on insert to notes do also select 1

-- refused: row level security
create policy mine on accounts using (true)

-- refused: EnableRowSecurity
alter table accounts enable row level security

-- refused: event triggers
create event trigger e on ddl_command_end execute function stamp()

-- refused: subscription
create subscription s connection 'host=x' publication p

-- refused: logical replication
create publication p for all tables

-- refused: foreign
create server s foreign data wrapper postgres_fdw

-- refused: materialized view
create materialized view m as select 1

-- refused: materialized view
refresh materialized view sums

-- refused: materialized view
insert into notes (id, body) select account, total::text from sums

-- refused: cast of one's own
create cast (text as int) with inout as implicit

-- refused: aggregates, operators
create aggregate first_of (anyelement) (sfunc = array_append, stype = anyarray)

-- refused: aggregates, operators
create operator <<< (leftarg = int, rightarg = int, function = int4eq)

-- refused: was not looked through
create extension postgres_fdw

-- refused: cannot be examined
create function evil() returns int language c as 'x', 'y'

-- refused: settings of its own
create function odd() returns int language sql set search_path = 'x' as $$ select 1 $$

-- refused: temporary things
create temporary table t (id int)

-- refused: unlogged
create unlogged table t (id int)

-- refused: CONCURRENTLY
create index concurrently on accounts (owner)

-- refused: INITIALLY DEFERRED
create table t (id int unique deferrable initially deferred)

-- refused: CACHE
create sequence s cache 10

-- refused: number existing rows
alter table slots add column n serial

-- refused: number existing rows
alter table slots add column n int generated always as identity

-- refused: each row another value
alter table slots add column key uuid default gen_random_uuid()

-- refused: belong to the replication
drop schema quorate cascade

-- refused: belongs to the replication
delete from quorate.mark

-- refused: belong to the replication
drop trigger quorate_guard on accounts

-- refused: DisableTrigAll
alter table accounts disable trigger all

-- refused: changes the schema and does something else
create table t (id int); insert into t values (1)

-- refused: SELECT INTO
select * into t from accounts

-- refused: FOR UPDATE
select * from accounts for update

-- refused: SKIP LOCKED
delete from events where id = (select id from events order by id limit 1 for update skip locked)

-- refused: advisory locks
select pg_advisory_lock(1)

-- refused: effect on the session
select pg_sleep(1)

-- refused: effect on the session
select set_config('timezone', 'UTC', false)

-- refused: effect on the session
select setval('tickets', 1)

-- refused: what this connection did before
select currval('tickets')

-- refused: what this connection did before
insert into notes (id) values (lastval())

-- refused: reaches out of the database
select pg_read_file('/etc/passwd')

-- refused: reaches out of the database
select lo_import('/etc/passwd')

-- refused: runs SQL given as text
select query_to_xml('delete from accounts', true, true, '')

-- refused: EXPLAIN ANALYZE
explain analyze delete from accounts

-- refused: LIMIT takes rows
insert into notes (id, body) select id, owner from accounts limit 5

-- refused: LIMIT takes rows
delete from deltas where id in (select id from deltas order by amount limit 3)

-- refused: LIMIT takes rows
update accounts set owner = 'x' where id = (select account from deltas limit 1)

-- refused: LIMIT takes rows
insert into notes (id, body) select 1000, owner from accounts order by owner limit 1

-- refused: in no certain order
insert into audit (what) select owner from accounts

-- refused: in no certain order
insert into audit (what) select owner from accounts order by owner

-- refused: in no certain order
insert into items (name, price) select owner || id, balance from accounts

-- refused: ON CONFLICT decides
insert into slots (place, who) select id % 3, owner from accounts on conflict (place) do nothing

-- refused: RETURNING answers
insert into slots (place, who) select id + 100, owner from accounts returning who

-- refused: collects rows
insert into notes (id, body) select 1000, string_agg(owner, ',') from accounts

-- refused: collects rows
insert into notes (id, body) select 1000, array_agg(id order by owner)::text from accounts

-- refused: collects rows
update notes set body = (select json_agg(owner)::text from accounts) where id = 1

-- refused: ARRAY(SELECT
update accounts set tags = array(select owner from accounts) where id = 1

-- refused: floating point
insert into notes (id, body) select 1000, sum(rating)::text from accounts

-- refused: floating point
insert into notes (id, body) select 1000, avg(rating * 2)::text from accounts

-- refused: floating point
insert into notes (id, body) select 1000, corr(balance, id)::text from accounts

-- refused: it met first
insert into notes (id, body) select 1000, mode() within group (order by owner) from accounts

-- refused: OVER a window
insert into notes (id, body) select id + 400, row_number() over ()::text from accounts

-- refused: OVER a window
insert into notes (id, body) select id + 400, first_value(id) over (partition by owner order by born - id)::text from accounts

-- refused: DISTINCT ON
insert into slots (place, who) select distinct on (owner) id + 100, owner from accounts order by owner

-- refused: TABLESAMPLE
delete from accounts where id in (select id from accounts tablesample system (10))

-- refused: may meet several rows
update accounts a set balance = d.amount from deltas d where d.account = a.id

-- refused: part of a unique key
update slots set place = place + 1

-- refused: each row another value
update notes set body = gen_random_uuid()::text

-- refused: each row another value
update accounts set rating = random()

-- refused: each row another value
delete from accounts where random() < 0.1

-- refused: numbers rows
update slots set who = nextval('tickets')::text

-- refused: numbers rows
insert into slots (place, who) select nextval('tickets') + 100, owner from accounts order by id

-- refused: runs for each row
update watched set v = v + 1

-- refused: changed twice
with a as (update accounts set balance = 1 where id = 1 returning id) update accounts set balance = 2 where id = 1

-- refused: would read the clock
insert into notes (id, due) values (1000, 'now')

-- refused: would read the clock
insert into notes (id, day) values (1000, 'tomorrow')

-- refused: would read the clock
-- params: ["now"]
insert into notes (id, due) values (1000, $1)

-- refused: would read the clock
-- params: ["[today,)"]
update notes set during = $1 where id = 1

-- refused: would read the clock
insert into notes (id, at_times) values (1000, '{now}')

-- refused: would read the clock
delete from events where at < 'yesterday'

-- refused: would read the clock
insert into notes (id, due) values (1000, 'today'::timestamptz)

-- refused: text 'now' would read
update notes set due = body::timestamptz where body like '2%'

-- refused: text 'now' would read
insert into notes (id, due) select 1000, (data->>'when')::timestamptz from accounts where id = 1

-- refused: reads text as another type
insert into notes select (jsonb_populate_record(null::notes, data)).* from accounts where id = 1

-- refused: physical storage
delete from accounts where ctid = '(0,1)'

-- refused: physical storage
update accounts set owner = xmin::text

-- refused: numbers differ
insert into notes (id, body) values (1000, 'accounts'::regclass::text)

-- refused: tells about one server
insert into notes (id, body) select 1000, relname from pg_class where relname = 'accounts'

-- refused: the session of one server
insert into notes (id, body) values (1000, current_user)

-- refused: depends on the session
insert into notes (id, body) values (1000, current_setting('TimeZone'))

-- refused: tells about one server
insert into notes (id, body) values (1000, version())

-- refused: tells about one server
insert into notes (id) values (pg_backend_pid())

-- refused: transaction numbers
insert into notes (id, body) values (1000, txid_current()::text)

-- refused: reads the clock
insert into notes (id, body) values (1000, timeofday())

-- refused: current date
update notes set body = age(due)::text

-- refused: inner reading
insert into notes (id, due) select 1000, timestamptz_in('now', 0, -1)

-- refused: does not exist here
insert into nowhere values (1)

-- refused: does not exist here
insert into notes (id, body) values (1000, no_such_function(1))

-- refused: LIMIT takes rows
insert into notes (id) values (any_account() + 1000)

-- refused: put together as a text
select run('delete from accounts')

-- refused: catches others
insert into notes (id, body) values (1000, swallow()::text)

-- refused: assigns what may be a text
insert into notes (id, due) select 1000, parse_time('now')

-- refused: loops over rows
call number_all()

-- refused: calls now(), which differs
insert into native_default (id) values (1)

-- write
insert into native_default (id, at, note) values (1, '2024-01-01', 'x')

-- refused: calls gen_random_uuid(), which differs
insert into native_chance (id) values (1)

-- refused: has rules
insert into ruled values (1, 1)

-- refused: is unlogged
insert into scratch values (1)

-- refused: row level security
insert into guarded values (1)

-- refused: end of a transaction
insert into late values (1, 1)

-- refused: keeps 20 values
insert into numbered_by_cache (v) values (1)

-- refused: the operator ===
update notes set body = 'x' where body === 'y'

-- refused: calls clock_timestamp()
update notes set due = native_clock() where id = 1

-- refused: the view native_view calls now()
insert into audit (what) select id::text from native_view order by id

-- refused: the function volatile_check calls now()
insert into lying values (1, 1)

-- refused: is a view
insert into rich values (1, 'x', 2)

-- refused: syntax error
selec 1

-- refused: 0 were given
insert into notes (id) values ($1)

-- read
select any_account()

-- read
select count_slots()

-- write
insert into notes (id, body) values (1000, count_slots()::text)

-- refused: being VOLATILE, sees rows
update slots set who = count_slots()::text

-- frozen: the time for quorate.now()
insert into notes (id, due) values (1000, later_than())

-- refused: part of a unique key
update chain set who = 'x'

-- refused: takes the next of something
insert into notes (id, body) select 1000, lucky()::text from accounts

-- refused: no certain order
insert into notes (id, body) select 1000 + n, 'x' from (select nextval('tickets') as n) drawn

-- refused: no certain order
with drawn as (select nextval('tickets') as n) insert into notes (id) select n from drawn

-- refused: would read the clock
insert into notes (id, due) values (1000, '10:00 pm today')

-- refused: may read a text as a time
update notes set day = date(body)

-- refused: would read the clock
update notes set at_times = array['now']::timestamptz[] where id = 1

-- refused: would read the clock
-- params: ["10:00 yesterday"]
update notes set due = coalesce($1, due) where id = 1

-- frozen: the time as timestamptz
insert into notes (id, due) select max(id) + 1, now() from notes group by now()

-- refused: system schemas
create function pg_catalog.mine() returns int language sql as $$ select 1 $$

-- write
insert into notes (id, body) select 1000 + row_number() over (order by id), owner from fresh_owner

-- refused: TG_RELID
insert into tagged values (1)

-- write
with recursive steps (n) as (select 1 union all select n + 1 from steps where n < 5) insert into notes (id) select n + 2000 from steps

-- write
insert into notes (id, body) select id + 3000, (select count(*) from deltas where account = a.id)::text from accounts a

-- write
update notes n set body = a.owner from accounts a where a.id = n.id and a.balance > 30

-- refused: may meet several rows
update notes n set body = a.owner from accounts a where a.owner = n.body

-- write
delete from accounts a using events e where e.account = a.id and e.kind = 'kind 2'

-- write
select id, owner from accounts order by id; update notes set body = 'x' where id = 1

-- refused: the SELECT answers rows in no certain order
select id, owner from accounts; update notes set body = 'x' where id = 1

-- write
insert into notes (id, body) select id + 4000, concat_ws('-', owner, born, opened) from accounts order by id on conflict (id) do nothing

-- refused: may be written differently
insert into notes (id, body) select 1000, max(weight)::text from weights

-- refused: may be written differently
insert into notes (id, body) select id + 1000, 'x' from (select distinct weight, 1 as id from weights) w

-- write
insert into notes (id, body) select 1000, max(trim_scale(weight))::text from weights

-- write
insert into notes (id, body) select 1000, max(balance)::text || min(owner) || max(born) from accounts

-- refused: may be written differently
insert into notes (id, body) select 1000 + count(*), weight::text from weights group by weight

-- refused: may be written differently
update accounts set rating = (select max(rating) from accounts) where id = 1

-- refused: no function random() takes 2 arguments
insert into notes (id, body) values (1000, random(1, 5)::text)

-- write
insert into notes (id, body) select 1000, concat('a', 1, 2.5, null, 'b') || greatest(1, 2, 3) || round(1.5) || count(*) from accounts

-- write
drop function add_tax(numeric)

-- write
insert into audit (what) select a.owner from events e left join accounts a on e.account = a.id order by e.id

-- refused: in no certain order
insert into audit (what) select e.kind from accounts a left join events e on e.account = a.id order by a.id

-- refused: would read the clock
insert into notes (id, due) values (1000, E'\156ow')

-- frozen: quorate.now()
create function moment() returns timestamptz language sql begin atomic select now(); end

-- frozen: quorate.now()
create trigger late_one after insert on notes for each row when (new.due > now()) execute function write_audit()

-- refused: write the body between
create function f() returns float8 language plpgsql as 'begin return random() * 5; end'

-- refused: belongs to one server's operating system or ICU
create index on accounts (owner collate "en_US.utf8")

-- refused: belongs to one server's operating system or ICU
create table sorted (name text collate "de-x-icu")

-- refused: belongs to one server's operating system or ICU
delete from events where kind = (select min(owner collate "en_US.utf8") from accounts)

-- write
create table by_bytes (name text collate "C")
