alter table activity_reports drop column uncovered;
