drop table rectifications;
