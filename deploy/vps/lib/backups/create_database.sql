-- Creates the empty database "new" as "old" is: owner, encoding, locale, privileges, settings; as provision does if
-- there is no "old". Read by `slipway restore`.
-- Installed as /usr/local/lib/slipway/lib/backups/create_database.sql. Check: slipway restore --beside
\set ON_ERROR_STOP on
SELECT count(*) > 0 AS known FROM pg_database WHERE datname = :'old' \gset
\if :known
SELECT format(
    'CREATE DATABASE %I OWNER %I TEMPLATE template0 ENCODING %L LC_COLLATE %L LC_CTYPE %L',
    :'new', pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype
) FROM pg_database WHERE datname = :'old' \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'new') FROM pg_database
WHERE datname = :'old' AND datacl IS NOT NULL \gexec
SELECT format(
    'GRANT %s ON DATABASE %I TO %s', privilege_type, :'new',
    CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END
) FROM pg_database, aclexplode(datacl) WHERE datname = :'old' \gexec
SELECT format(
    'ALTER %s SET %I = %s',
    CASE setrole WHEN 0 THEN format('DATABASE %I', :'new')
        ELSE format('ROLE %I IN DATABASE %I', pg_get_userbyid(setrole), :'new') END,
    split_part(setting, '=', 1),
    -- Lists are stored with their quotes.
    CASE WHEN split_part(setting, '=', 1) IN ('search_path', 'temp_tablespaces', 'session_preload_libraries',
        'local_preload_libraries') THEN substr(setting, strpos(setting, '=') + 1)
        ELSE quote_literal(substr(setting, strpos(setting, '=') + 1)) END
) FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase, unnest(setconfig) AS setting
WHERE datname = :'old' \gexec
\else
CREATE DATABASE :"new" OWNER slipway_migrate TEMPLATE template0 ENCODING 'UTF8';
REVOKE ALL ON DATABASE :"new" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"new" TO "slipway";
\endif
