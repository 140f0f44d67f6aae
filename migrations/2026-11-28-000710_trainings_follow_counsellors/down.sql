alter policy enrolments_reach on enrolments using (case conum_setting('actor')
    when 'anct' then true
    when 'bdt' then true
    when 'system' then true
    when 'training_body' then body_id::text = conum_setting('reach_value')
    when 'counsellor' then counsellor_id::text = conum_setting('reach_value')
    when 'employer' then conum_reaches_structure(structure_id)
    when 'prefecture' then conum_reaches_structure(structure_id)
    else false
end);
alter policy certifications_reach on certifications using (case conum_setting('actor')
    when 'anct' then true
    when 'bdt' then true
    when 'system' then true
    when 'training_body' then body_id::text = conum_setting('reach_value')
    when 'counsellor' then counsellor_id::text = conum_setting('reach_value')
    when 'employer' then conum_reaches_structure(structure_id)
    when 'prefecture' then conum_reaches_structure(structure_id)
    else false
end);
