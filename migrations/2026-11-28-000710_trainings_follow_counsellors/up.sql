-- Whoever may see a counsellor sees the training: it follows to the structure that takes over the post, and nobody sees a
-- training whose person is hidden. Counsellors have a row policy of their own, which decides here too.
alter policy enrolments_reach on enrolments using (case conum_setting('actor')
    when 'anct' then true
    when 'bdt' then true
    when 'system' then true
    when 'training_body' then body_id::text = conum_setting('reach_value')
    when 'counsellor' then counsellor_id::text = conum_setting('reach_value')
    when 'employer' then exists (select from counsellors k where k.id = counsellor_id)
    when 'prefecture' then exists (select from counsellors k where k.id = counsellor_id)
    else false
end);
alter policy certifications_reach on certifications using (case conum_setting('actor')
    when 'anct' then true
    when 'bdt' then true
    when 'system' then true
    when 'training_body' then body_id::text = conum_setting('reach_value')
    when 'counsellor' then counsellor_id::text = conum_setting('reach_value')
    when 'employer' then exists (select from counsellors k where k.id = counsellor_id)
    when 'prefecture' then exists (select from counsellors k where k.id = counsellor_id)
    else false
end);
