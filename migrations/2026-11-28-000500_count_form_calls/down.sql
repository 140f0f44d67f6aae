drop table form_calls;
