drop function conum_forget_accesses(timestamptz);
drop table accesses;
