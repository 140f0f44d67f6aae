revoke select on __diesel_schema_migrations from conum_app;
drop table held_purges;
