/**
 * Built-in functions, by name, as an audit found them in PostgreSQL 15 to 18. The catalog's volatility is where the
 * examination starts, and this is where it ends: a volatile function passes only if it is listed as frozen or drawn;
 * a stable one only if it is listed as depending on arguments, rows and pinned settings alone; and a few
 * immutable or harmless looking ones are refused all the same.
 */

type Because = readonly [reason: string, wayOut: string];

/** Answers that `prepare` fixes: the same value for the whole command. */
export const FROZEN_TIME: ReadonlyMap<string, string> = new Map([
  ['now', 'timestamptz'],
  ['transaction_timestamp', 'timestamptz'],
  ['statement_timestamp', 'timestamptz'],
  ['clock_timestamp', 'timestamptz'],
]);

/** Answers that `prepare` fixes once for each place in the text. */
export const FROZEN_CHANCE: ReadonlyMap<string, 'uuid' | 'float8'> = new Map([
  ['gen_random_uuid', 'uuid'],
  ['uuidv4', 'uuid'],
  ['random', 'float8'],
]);

/** Stand-ins in schema `quorate` for defaults, triggers and functions; see `pins.ts`. */
export const PINNED: ReadonlyMap<string, { readonly type: string; readonly needs: 'time' | 'seed' }> =
  new Map([
    ['now', { type: 'timestamptz', needs: 'time' }],
    ['gen_random_uuid', { type: 'uuid', needs: 'seed' }],
    ['random', { type: 'float8', needs: 'seed' }],
  ]);

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/** Stable functions that depend on arguments and pinned settings (TimeZone, DateStyle, lc_*, search path) alone. */
export const STABLE_AND_SAFE: ReadonlySet<string> = new Set(
  words(`
  abbrev age array_to_json concat concat_ws convert_from date_part date_trunc extract format date_add date_subtract
  generate_series isfinite
  json_agg json_agg_strict json_build_array json_build_object json_object_agg json_object_agg_strict json_object_agg_unique
  json_object_agg_unique_strict jsonb_agg jsonb_agg_strict jsonb_build_array jsonb_build_object jsonb_object_agg
  jsonb_object_agg_strict jsonb_object_agg_unique jsonb_object_agg_unique_strict
  jsonb_path_exists_tz jsonb_path_match_tz jsonb_path_query_array_tz jsonb_path_query_first_tz
  make_timestamptz array_to_string overlaps pg_typeof phraseto_tsquery plainto_tsquery quote_literal quote_nullable row_to_json
  string_agg timezone to_char to_date to_json to_jsonb to_number to_timestamp to_tsquery to_tsvector
  json_to_tsvector jsonb_to_tsvector ts_headline websearch_to_tsquery
  enum_first enum_last enum_range width_bucket length lower upper initcap date_bin array_agg
  `),
);

const TIME_NOW: Because = ['it reads the clock while the statement runs', 'use now(), which is frozen'];
const SESSION: Because = ['it depends on the session of one server', 'use a value from your program'];
const SERVER: Because = ['it tells about one server', 'use a value from your program'];
const OUTSIDE: Because = ['it reaches out of the database', 'do it in your program'];
const LOCKS: Because = ['advisory locks live in one server', 'commands run one at a time: no lock is needed'];
const RUNS_SQL: Because = ['it runs SQL given as text', 'write the SQL into the statement'];
const INPUT: Because = [
  "it reads text as another type, and a text such as 'now' reads the clock",
  'cast field by field',
];
const RANDOM: Because = ['each call is another value', 'draw it in your program and pass it as a parameter'];
const PHYSICAL: Because = ['it tells about the physical storage of one server', 'leave it out'];
const SEQUENCE_STATE: Because = [
  'it depends on what this connection did before',
  'use RETURNING, or WITH x AS (INSERT ... RETURNING id) INSERT ... SELECT id FROM x',
];

const DENIED: ReadonlyMap<string, Because> = new Map(
  Object.entries({
    timeofday: TIME_NOW,
    pg_sleep: ['it makes every replica wait', 'wait in your program'],
    pg_sleep_for: ['it makes every replica wait', 'wait in your program'],
    pg_sleep_until: ['it makes every replica wait', 'wait in your program'],
    setseed: ['it changes what random() gives in one session', 'pass random values as parameters'],
    random_normal: RANDOM,
    uuidv7: ['it holds the clock of the moment', 'use gen_random_uuid(), which is frozen'],
    currval: SEQUENCE_STATE,
    lastval: SEQUENCE_STATE,
    setval: ['it moves a sequence past the transaction', 'use ALTER SEQUENCE ... RESTART WITH'],
    pg_notify: ['it would fire once per replica', 'insert a row into a table and poll it'],
    set_config: ['it changes a session, and commands share none', 'write the setting into the statement'],
    current_setting: SESSION,
    txid_current: ['transaction numbers differ from server to server', 'use a sequence'],
    pg_current_xact_id: ['transaction numbers differ from server to server', 'use a sequence'],
    pg_get_serial_sequence: ['it reads the system catalog', "write the sequence's name"],
    mode: [
      'of several most frequent values it takes the one it met first',
      'use GROUP BY with ORDER BY count(*), value',
    ],
    any_value: ['it takes the value it met first', 'use min() or max()'],
    json_populate_record: INPUT,
    jsonb_populate_record: INPUT,
    json_populate_recordset: INPUT,
    jsonb_populate_recordset: INPUT,
    jsonb_populate_record_valid: INPUT,
    json_to_record: INPUT,
    jsonb_to_record: INPUT,
    json_to_recordset: INPUT,
    jsonb_to_recordset: INPUT,
    query_to_xml: RUNS_SQL,
    ts_stat: RUNS_SQL,
    ts_rewrite: RUNS_SQL,
    query_to_xmlschema: RUNS_SQL,
    query_to_xml_and_xmlschema: RUNS_SQL,
    pg_relation_size: PHYSICAL,
    row_security_active: SESSION,
    gen_random_bytes: RANDOM,
    gen_salt: RANDOM,
    uuid_generate_v1: RANDOM,
    uuid_generate_v1mc: RANDOM,
    uuid_generate_v4: ['each call is another value', 'use gen_random_uuid(), which is frozen'],
  } satisfies Record<string, Because>),
);

/** Families of names: the first that fits says why. */
const DENIED_FAMILIES: readonly (readonly [RegExp, Because])[] = [
  [/^pg_(try_)?advisory/, LOCKS],
  [/^(dblink|lo_|loread$|lowrite$)/, OUTSIDE],
  [/^pg_(read|ls|stat_file|file|hba|ident)/, OUTSIDE],
  [/^(cursor|table|schema|database)_to_xml/, RUNS_SQL],
  [/^(inet_(client|server)|pg_backend|pg_postmaster|pg_conf|version$|pg_stat|pg_is_|pg_last_)/, SERVER],
  [/^(current_(database|schema|schemas|user|query)|session_user|has_|pg_has_|pg_my_)/, SESSION],
  [
    /^(pg_terminate|pg_cancel|pg_reload|pg_rotate|pg_switch|pg_create|pg_drop|pg_logical|pg_replication)/,
    SERVER,
  ],
  [
    /^(pg_backup|pg_start_backup|pg_stop_backup|pg_promote|pg_wal|pg_export|pg_import|pg_sync|pg_copy)/,
    SERVER,
  ],
  [/^(pg_size|pg_total|pg_table_size|pg_indexes_size|pg_database_size|pg_tablespace|pg_column_)/, PHYSICAL],
  [
    /^(txid_|pg_xact|pg_snapshot|pg_visible|pg_current_)/,
    ['transaction numbers differ from server to server', 'use a sequence'],
  ],
  [
    /^(to_reg|pg_get_|obj_description|col_description|shobj_|format_type|pg_describe|pg_identify)/,
    ['it reads the system catalog', 'write the name itself'],
  ],
  [/_(in|out|recv|send)$/, ['it is the inner reading and writing of a type', 'use a cast']],
];

/** Why a built-in function never passes, whatever the catalog says of it. */
export function deniedFunction(name: string): Because | undefined {
  return DENIED.get(name) ?? DENIED_FAMILIES.find(([pattern]) => pattern.test(name))?.[1];
}

const READS_WITH_EFFECTS: readonly (readonly [RegExp, Because])[] = [
  [/^pg_(try_)?advisory/, LOCKS],
  [/^(dblink|lo_|loread$|lowrite$)/, OUTSIDE],
  [/^pg_(read_|ls_|stat_file|file_)/, OUTSIDE],
  [/^(cursor|table|schema|database|query)_to_xml|^ts_stat$/, RUNS_SQL],
  [
    /^(pg_terminate|pg_cancel|pg_reload|pg_rotate|pg_switch|pg_create|pg_drop|pg_logical|pg_replication)/,
    SERVER,
  ],
  [
    /^(pg_backup|pg_start_backup|pg_stop_backup|pg_promote|pg_wal_replay|pg_export|pg_import|pg_stat_reset)/,
    SERVER,
  ],
  [
    /^(pg_sleep|pg_notify$|set_config$|setseed$|setval$)/,
    ['it has an effect on the session or the server', 'leave it out'],
  ],
  [/^(currval|lastval)$/, SEQUENCE_STATE],
];

/**
 * What calling a function means for a SELECT: nothing, that it is a write (`nextval`), or that it is refused because
 * it would have effects outside the log. Functions of users run in a read-only transaction.
 */
export function effectOfReading(name: string): 'write' | Because | undefined {
  if (name === 'nextval') return 'write';
  const found = READS_WITH_EFFECTS.find(([pattern]) => pattern.test(name))?.[1];
  return found === undefined ? undefined : [`${name}() is refused: ${found[0]}`, found[1]];
}

/** Aggregates whose answer depends on the order of rows unless they have ORDER BY inside. */
export const ORDERED_AGGREGATES: ReadonlySet<string> = new Set(
  words(`
  array_agg string_agg json_agg json_agg_strict jsonb_agg jsonb_agg_strict json_object_agg json_object_agg_strict
  json_object_agg_unique json_object_agg_unique_strict jsonb_object_agg jsonb_object_agg_strict
  jsonb_object_agg_unique jsonb_object_agg_unique_strict xmlagg
  `),
);

/** Aggregates that add floating point numbers when their argument is one: another order, another last digit. */
export const SUMMING_AGGREGATES: ReadonlySet<string> = new Set(
  words('sum avg stddev stddev_pop stddev_samp variance var_pop var_samp'),
);

export const FLOAT_AGGREGATES: ReadonlySet<string> = new Set(
  words(
    `corr covar_pop covar_samp regr_avgx regr_avgy regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy`,
  ),
);

/** Window functions whose answer is the same for rows that tie. */
export const WINDOWS_FOR_PEERS: ReadonlySet<string> = new Set(
  words('rank dense_rank percent_rank cume_dist'),
);

export const WINDOWS_FOR_ROWS: ReadonlySet<string> = new Set(
  words('row_number ntile lag lead first_value last_value nth_value'),
);
