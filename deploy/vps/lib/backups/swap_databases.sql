-- Gives the database "new" the name "live"; the one that had it is called "before". Whoever is connected is sent away,
-- and can come back when it is done. Read by `slipway restore`.
-- Installed as /usr/local/lib/slipway/lib/backups/swap_databases.sql. Check: slipway restore --dry-run
\set ON_ERROR_STOP on
SELECT count(*) > 0 AS known FROM pg_database WHERE datname = :'live' \gset
\if :known
ALTER DATABASE :"live" WITH ALLOW_CONNECTIONS false;
SELECT count(pg_terminate_backend(pid, 10000)) AS sent_away FROM pg_stat_activity WHERE datname = :'live' \gset
BEGIN;
ALTER DATABASE :"live" RENAME TO :"before";
ALTER DATABASE :"new" RENAME TO :"live";
COMMIT;
ALTER DATABASE :"before" WITH ALLOW_CONNECTIONS true;
\else
ALTER DATABASE :"new" RENAME TO :"live";
\endif
