drop table post_returns;
drop table post_attachments;
drop table posts;
drop sequence posts_reference_seq;
