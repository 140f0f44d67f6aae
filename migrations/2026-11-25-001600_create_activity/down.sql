drop table counsellor_figures;
drop table activity_figures;
drop table activity_report_revisions;
drop table activity_report_keys;
drop table activity_reports;
drop function conum_audit_inserted();
drop function conum_sum(jsonb);
drop function conum_is_set(text[]);
