insert into accounts (id, owner, balance, opened, rating, born, tags, data) select g, 'owner ' || (g % 7), g * 10, '2024-01-01'::timestamptz + g * interval '1 hour', g / 3.0, '2000-01-01'::date + g, array['a', 'b' || g], jsonb_build_object('n', g) from generate_series(1, 40) g order by g * DIRECTION

insert into deltas (id, account, amount) select g, g % 5 + 1, g * 1.5 from generate_series(1, 60) g order by g * DIRECTION

insert into slots select g, 'who ' || g from generate_series(1, 20) g order by -g * DIRECTION

insert into movable select g, 'who ' || g from generate_series(1, 20) g order by g * DIRECTION

insert into watched select g, g from generate_series(1, 5) g order by g * DIRECTION

insert into stamped (id, v, updated) select g, g, '2024-01-01' from generate_series(1, 10) g order by g * DIRECTION

insert into notes (id, body, due) select g, case when g = 3 then 'now' else 'note ' || g end, '2024-01-01' from generate_series(1, 12) g order by g * DIRECTION

insert into people select g, g || '@example.org', (array['sad', 'ok', 'happy'])[g % 3 + 1]::mood from generate_series(1, 9) g order by g * DIRECTION

insert into base select g, g from generate_series(1, 10) g order by g * DIRECTION

insert into items (name, price, qty) values ('nail', 0.10, 100), ('hammer', 12.50, 2), ('saw', 20.00, 1)

insert into events (id, account, kind, at, token) select 1000 + g, g % 40 + 1, 'kind ' || g % 4, '2024-01-01'::timestamptz + g * interval '1 minute', md5(g::text)::uuid from generate_series(1, 80) g order by g * DIRECTION

insert into weights select g, case g % 2 when 0 then 5.0 else 5.00 end from generate_series(1, 6) g order by g * DIRECTION
