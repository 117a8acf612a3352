/**
 * What the examination knows of the schema, read in few queries once per catalog epoch. System schemas are left out
 * except for functions, operators and types. Everything comes as text; arrays as JSON.
 */

const USER_SCHEMA =
  "n.nspname not in ('pg_catalog', 'information_schema', 'quorate') and n.nspname !~ '^pg_(toast|temp)'";

export const SEARCH_PATH = 'select to_json(current_schemas(true))::text';

export const RELATIONS: string = `
select c.oid::text, n.nspname, c.relname, c.relkind::text, c.relpersistence::text,
       (c.relrowsecurity)::text,
       exists (select 1 from pg_rewrite r where r.ev_class = c.oid and r.rulename <> '_RETURN')::text,
       case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end,
       coalesce((select json_agg(i.inhparent::text) from pg_inherits i where i.inhrelid = c.oid), '[]')::text
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and ${USER_SCHEMA}`;

export const COLUMNS: string = `
select a.attrelid::text, a.attname, a.atttypid::text, a.attnotnull::text, a.attidentity::text, a.attgenerated::text,
       pg_get_expr(d.adbin, d.adrelid), a.atttypmod::text
from pg_attribute a
join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'f', 'c') and ${USER_SCHEMA}
order by a.attrelid, a.attnum`;

export const INDEXES: string = `
select i.indrelid::text, i.indisunique::text, i.indimmediate::text,
       (i.indisexclusion or i.indpred is not null or i.indexprs is not null)::text,
       (select json_agg(a.attname order by k.place) from unnest(i.indkey[0:i.indnkeyatts - 1]) with ordinality k(number, place)
        left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number and k.number > 0)::text,
       pg_get_expr(i.indexprs, i.indrelid), pg_get_expr(i.indpred, i.indrelid), i.indisexclusion::text
from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
where i.indisvalid and ${USER_SCHEMA}`;

export const CONSTRAINTS: string = `
select k.conrelid::text, k.contypid::text, k.conname, k.contype::text, k.condeferred::text, k.confrelid::text,
       k.confdeltype::text, k.confupdtype::text,
       case when k.contype = 'c' then pg_get_expr(k.conbin, k.conrelid) end
from pg_constraint k join pg_namespace n on n.oid = k.connamespace
where ${USER_SCHEMA}`;

/** `tgtype` is a set of bits: 1 row, 2 before, 4 insert, 8 delete, 16 update, 32 truncate, 64 instead. */
export const TRIGGERS: string = `
select t.tgrelid::text, t.tgname, t.tgfoid::text, t.tgtype::text, t.tgenabled::text, t.tginitdeferred::text,
       case when t.tgqual is not null then pg_get_triggerdef(t.oid) end
from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
where not t.tgisinternal and t.tgenabled <> 'D' and ${USER_SCHEMA}
order by t.tgrelid, t.tgname`;

export const FUNCTIONS: string = `
select p.oid::text, n.nspname, p.proname, p.prokind::text, p.provolatile::text, l.lanname, p.prorettype::text,
       to_json(p.proargtypes::oid[]::text[])::text, p.pronargdefaults::text, p.provariadic::text,
       case when n.nspname not in ('pg_catalog', 'information_schema', 'quorate') and l.lanname in ('sql', 'plpgsql')
                 and p.prokind in ('f', 'p') then pg_get_functiondef(p.oid) end,
       case when n.nspname not in ('pg_catalog', 'information_schema', 'quorate') and l.lanname = 'sql' then p.prosrc end,
       p.proretset::text, (p.proconfig is not null)::text,
       (select e.extname from pg_depend d join pg_extension e on e.oid = d.refobjid
        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e' limit 1),
       to_json(p.proargnames)::text
from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
where n.nspname <> 'information_schema' and n.nspname !~ '^pg_(toast|temp)'`;

/** Operators outside the system schema, with the extension that brought them. */
export const OPERATORS: string = `
select o.oprname, (select e.extname from pg_depend d join pg_extension e on e.oid = d.refobjid
  where d.classid = 'pg_operator'::regclass and d.objid = o.oid and d.deptype = 'e' limit 1)
from pg_operator o join pg_namespace n on n.oid = o.oprnamespace where n.nspname <> 'pg_catalog'`;

/** Casts that somebody made: they are called where no statement shows it. */
export const CASTS: string = `
select format_type(c.castsource, null), format_type(c.casttarget, null)
from pg_cast c where c.oid >= 16384 and not exists (
  select 1 from pg_depend d where d.classid = 'pg_cast'::regclass and d.objid = c.oid and d.deptype = 'e')`;

export const TYPES: string = `
select t.oid::text, n.nspname, t.typname, t.typtype::text, t.typelem::text, t.typbasetype::text, t.typrelid::text,
       (select r.rngsubtype::text from pg_range r where t.oid in (r.rngtypid, r.rngmultitypid)), t.typcategory::text,
       pg_get_expr(t.typdefaultbin, 0)
from pg_type t join pg_namespace n on n.oid = t.typnamespace
where n.nspname <> 'information_schema' and n.nspname !~ '^pg_(toast|temp)'`;

export const SEQUENCES: string = `
select c.oid::text, n.nspname, c.relname, s.seqcache::text, c.relpersistence::text
from pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace
where ${USER_SCHEMA}`;
