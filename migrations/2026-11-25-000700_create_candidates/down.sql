delete from mail_links where candidate_id is not null;
alter table mail_links drop constraint mail_links_email_check;
alter table mail_links drop constraint mail_links_target_check;
alter table mail_links drop constraint mail_links_purpose_check;
alter table mail_links drop column email;
alter table mail_links drop column candidate_id;
alter table mail_links add constraint mail_links_purpose_check check (purpose in ('confirm_structure', 'sign_in'));
alter table mail_links add constraint mail_links_target_check check (case purpose
    when 'confirm_structure' then structure_id is not null and account_id is null
    else account_id is not null and structure_id is null
end);
drop table candidate_motivations;
drop table candidate_contacts;
drop table candidates;
drop sequence candidates_reference_seq;
drop function conum_island(text);
drop function conum_sphere(float8, float8);
