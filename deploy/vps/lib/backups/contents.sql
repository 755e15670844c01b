-- Puts into the variable "contents", as JSON, what is in this database: migration head, and rows of each table.
-- Read by dump.sql and compare.sql.
-- Installed as /usr/local/lib/slipway/lib/backups/contents.sql. Check: psql slipway --file=contents.sql
\set ON_ERROR_STOP on
SELECT coalesce(
    string_agg(format('SELECT %L, count(*) FROM %I.%I', nspname || '.' || relname, nspname, relname), ' UNION ALL '),
    'SELECT NULL::text, 0::bigint WHERE false'
) AS counts
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind = 'r' AND nspname !~ '^pg_' AND nspname <> 'information_schema'
    AND NOT EXISTS (  -- an extension's own: it makes them itself
        SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e'
    )
\gset
SELECT CASE WHEN to_regclass('public.alembic_version') IS NULL THEN 'NULL::text'
    ELSE '(SELECT string_agg(version_num, '' '' ORDER BY version_num) FROM public.alembic_version)' END AS head
\gset
SELECT jsonb_build_object('migration_head', :head, 'rows', coalesce(jsonb_object_agg(name, rows), '{}')) AS contents
FROM (:counts) AS counted (name, rows)
\gset
