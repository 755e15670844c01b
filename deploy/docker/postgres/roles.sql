-- The two roles and the superuser, with the passwords that the secrets say. Who may do what is privileges.sql, after it.
-- Read by PostgreSQL's image when it makes its data, as /docker-entrypoint-initdb.d/1-roles.sql. It may be applied
-- again, after a password was changed: docker compose exec postgres psql --file=/docker-entrypoint-initdb.d/1-roles.sql
-- Check: docker compose exec postgres psql --command='\du'
\set ON_ERROR_STOP on
\set service_password `cat /run/secrets/slipway_password`
\set migrate_password `cat /run/secrets/slipway_migrate_password`
\set postgres_password `cat /run/secrets/postgres_password`
SELECT format('CREATE ROLE %I', name) FROM unnest(ARRAY['slipway', 'slipway_migrate']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
ALTER ROLE "slipway" LOGIN PASSWORD :'service_password';
ALTER ROLE slipway_migrate LOGIN PASSWORD :'migrate_password';
-- Who makes a backup comes by this one.
ALTER ROLE postgres PASSWORD :'postgres_password';
