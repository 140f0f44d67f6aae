drop table mail_links;
drop table api_clients;
drop table accounts;
drop function conum_same_perimeter(text, uuid, text, text);
