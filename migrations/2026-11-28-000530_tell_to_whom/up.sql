-- The roles that are told of an event; null where the perimeter alone decides.
alter table events add column audience text[];
-- Places in the feed are the database's to give: the service writes what happened, and to whom it is told.
grant insert (audience) on events to conum_app;
-- What was told so far of accounts, clients, webhooks and drafts is told from here on to those who may read them.
update events e set audience = array['anct', a.role], structure_id = a.structure_id, departement_code = a.departement_code,
    region_code = a.region_code from accounts a where e.resource = 'accounts' and a.id = e.resource_id;
update events e set audience = array['anct', a.role], structure_id = a.structure_id, departement_code = a.departement_code,
    region_code = a.region_code from api_clients a where e.resource = 'api-clients' and a.id = e.resource_id;
update events e set audience = array[w.role], structure_id = w.structure_id, departement_code = w.departement_code,
    region_code = w.region_code from webhooks w where e.resource = 'webhooks' and w.id = e.resource_id;
update events set audience = '{}' where audience is null and resource = 'webhooks';
-- A draft is its applicant's, until it is submitted.
update events e set audience = array['anct', 'employer']
    where e.resource = 'applications' and e.type in ('application.created', 'application.updated', 'application.withdrawn')
        and not exists (select from events s where s.resource = 'applications' and s.resource_id = e.resource_id
            and s.type = 'application.submitted' and s.sequence < e.sequence);
