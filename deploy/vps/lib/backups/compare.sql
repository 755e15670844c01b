-- Prints a line for each thing that is in this database otherwise than a backup's JSON, on standard input, says.
-- Read by `slipway restore` and `slipway restore-drill`.
-- Installed as /usr/local/lib/slipway/lib/backups/compare.sql. Check: psql slipway --file=compare.sql <x.json
\set ON_ERROR_STOP on
\set expected `cat`
\ir contents.sql
WITH said AS (
    SELECT key, value FROM jsonb_each_text(:'expected'::jsonb -> 'rows')
    UNION ALL SELECT 'migration head', :'expected'::jsonb ->> 'migration_head'
), found AS (
    SELECT key, value FROM jsonb_each_text(:'contents'::jsonb -> 'rows')
    UNION ALL SELECT 'migration head', :'contents'::jsonb ->> 'migration_head'
)
SELECT format(
    '%s: %s when it was dumped, %s restored', key, coalesce(said.value, 'none'), coalesce(found.value, 'none')
)
FROM said FULL JOIN found USING (key) WHERE said.value IS DISTINCT FROM found.value ORDER BY key;
