alter table instalments drop constraint instalments_waiver_check, drop column waived, drop column waiver_reason;
