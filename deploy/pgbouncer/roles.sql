-- What PostgreSQL itself has to know when the service reaches it over the network and through PgBouncer.
-- Applied on the machine of the database, as postgres, with \password for both roles before:
--   psql slipway --single-transaction --file=roles.sql
-- Check: psql slipway --command "\drds"; the service warns in its log of a timeout that does not hold.

-- PgBouncer drops the service's `options`: these are DB_STATEMENT_TIMEOUT_MS, and what app/core/data/database.py sends.
ALTER ROLE "slipway" SET statement_timeout = '10s';
ALTER ROLE "slipway" SET idle_in_transaction_session_timeout = '60s';

-- All connections but those of an operator; a pool that was set too large fails in its own role, not in everybody's.
ALTER ROLE "slipway" CONNECTION LIMIT 20;
ALTER ROLE slipway_migrate CONNECTION LIMIT 5;
