drop function conum_commune_codes(text);
alter table communes drop column former_names;
alter table communes drop constraint communes_city_check;
alter table communes drop column city_code;
