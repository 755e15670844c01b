-- Who may come through PgBouncer, and how PostgreSQL knows the password: a hash of it, with which PgBouncer is let in too.
-- Installed as /etc/pgbouncer/userlist.txt, 640, once the role has its password (psql: \password slipway), by
--   psql --no-psqlrc --tuples-only --no-align --file=userlist.sql | install -m 640 -g postgres /dev/stdin /etc/pgbouncer/userlist.txt
-- Check: grep SCRAM /etc/pgbouncer/userlist.txt, then systemctl reload pgbouncer. Again whenever the password changes.
SELECT format('"%s" "%s"', rolname, rolpassword)
FROM pg_authid
WHERE rolname = 'slipway';
