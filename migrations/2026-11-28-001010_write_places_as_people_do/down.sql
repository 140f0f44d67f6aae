update places set phone = null where phone !~ '^\+';
alter table places drop constraint places_phone_check;
alter table places add constraint places_phone_check check (phone ~ '^\+[0-9]{6,15}$');
update places set presentation = left(presentation, 500) where length(presentation) > 500;
alter table places drop constraint places_presentation_check;
alter table places add constraint places_presentation_check check (length(presentation) between 1 and 500);
alter table places drop column kind;
