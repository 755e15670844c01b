-- One line of everything that privileges.sql decides about, to tell whether it changed something.
-- Read by provision. Check: psql slipway --file=list_privileges.sql
SELECT concat_ws(
    ' ',
    (SELECT concat_ws(' ', pg_get_userbyid(datdba), datacl) FROM pg_database WHERE datname = 'slipway'),
    (SELECT nspacl FROM pg_namespace WHERE nspname = 'public'),
    (SELECT string_agg(concat_ws(' ', defaclobjtype, defaclacl), ' ' ORDER BY oid) FROM pg_default_acl),
    (SELECT string_agg(concat_ws(' ', relname, relacl), ' ' ORDER BY relname)
     FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S'))
);
