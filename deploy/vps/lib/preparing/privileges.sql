-- Who may do what in the database: slipway_migrate owns it and changes the schema, slipway reads and writes rows.
-- Read by provision, as postgres, in a transaction. It may be applied again at any time.
-- Check: psql slipway --single-transaction --file=privileges.sql
ALTER DATABASE "slipway" OWNER TO slipway_migrate;
REVOKE ALL ON DATABASE "slipway" FROM PUBLIC;
GRANT CONNECT ON DATABASE "slipway" TO "slipway";

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO "slipway";

-- What is there, and what slipway_migrate will create.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "slipway";
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO "slipway";
ALTER DEFAULT PRIVILEGES FOR ROLE slipway_migrate IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "slipway";
ALTER DEFAULT PRIVILEGES FOR ROLE slipway_migrate IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO "slipway";
