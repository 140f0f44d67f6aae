alter table events drop column audience;
