-- Dumps this database into the file $DUMP, and prints as JSON what is in that dump: both see the same snapshot.
-- Read by what makes a backup.
-- Installed as /usr/local/lib/slipway/lib/backups/dump.sql. Check: DUMP=x RELEASE=x psql slipway --file=dump.sql
\set ON_ERROR_STOP on
\set release `printf %s "$RELEASE"`
SET statement_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET lock_timeout = '60s';
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
-- Counted first: from then on nobody can drop what was counted before it is dumped.
\ir contents.sql
SELECT pg_export_snapshot() AS snapshot \gset
\setenv SNAPSHOT :snapshot
\! pg_dump --format=custom --snapshot="$SNAPSHOT" --lock-wait-timeout=60s --file="$DUMP" || rm -f "$DUMP"
SELECT jsonb_pretty(:'contents'::jsonb || jsonb_build_object(
    'database', current_database(),
    'database_bytes', pg_database_size(current_database()),
    'made_at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    'postgresql', current_setting('server_version'),
    'release', :'release',
    'tables', (SELECT count(*) FROM jsonb_object_keys(:'contents'::jsonb -> 'rows')),
    'roles', (SELECT jsonb_agg(rolname ORDER BY rolname) FROM pg_roles WHERE rolname !~ '^pg_')
));
COMMIT;
