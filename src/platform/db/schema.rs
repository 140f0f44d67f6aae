// Written by `make schema` from the migrations.

diesel::table! {
    accesses (sequence) {
        sequence -> Int8,
        id -> Uuid,
        occurred_at -> Timestamptz,
        operation -> Text,
        request_id -> Text,
        role -> Text,
        perimeter -> Text,
        issuer -> Text,
        subject -> Text,
        account_id -> Nullable<Uuid>,
        api_client_id -> Nullable<Uuid>,
        resource -> Text,
        resource_id -> Nullable<Uuid>,
        people -> Array<Uuid>,
    }
}

diesel::table! {
    accounts (id) {
        id -> Uuid,
        role -> Text,
        email -> Text,
        structure_id -> Nullable<Uuid>,
        departement_code -> Nullable<Text>,
        region_code -> Nullable<Text>,
        subject_id -> Nullable<Uuid>,
        issuer -> Nullable<Text>,
        subject -> Nullable<Text>,
        status -> Text,
        last_seen_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    activity_report_keys (counsellor_id, external_id) {
        counsellor_id -> Uuid,
        external_id -> Text,
        report_id -> Uuid,
    }
}

diesel::table! {
    activity_report_revisions (counsellor_id, report_id, version) {
        counsellor_id -> Uuid,
        report_id -> Uuid,
        version -> Int4,
        replaced_at -> Timestamptz,
        content -> Jsonb,
    }
}

diesel::table! {
    agenda_items (id) {
        id -> Uuid,
        committee_id -> Uuid,
        application_id -> Uuid,
        outcome -> Nullable<Text>,
        posts_granted -> Nullable<Int4>,
        observations -> Nullable<Text>,
        priority -> Bool,
        beyond_request -> Bool,
        without_opinion -> Bool,
        reservation_id -> Nullable<Uuid>,
        decided_at -> Nullable<Timestamptz>,
        settled_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    agreement_amendments (id) {
        id -> Uuid,
        agreement_id -> Uuid,
        number -> Int4,
        signed_on -> Date,
        posts_added -> Int4,
        posts_restored -> Int4,
        amount_before_cents -> Int8,
        amount_after_cents -> Int8,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    agreement_borrowings (agreement_id) {
        agreement_id -> Uuid,
        digest -> Text,
    }
}

diesel::table! {
    agreement_posts (id) {
        id -> Uuid,
        agreement_id -> Uuid,
        structure_id -> Uuid,
        post_id -> Uuid,
        phase -> Text,
        scale_id -> Uuid,
        bonus_scale_id -> Nullable<Uuid>,
        added_on -> Date,
        removed_on -> Nullable<Date>,
        term_thirtieths -> Int4,
        worked_before_thirtieths -> Int4,
        counts_after -> Nullable<Date>,
        full_cents -> Int8,
        amount_cents -> Int8,
        paid_cents -> Int8,
        credited_cents -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    agreements (id) {
        id -> Uuid,
        reference -> Text,
        structure_id -> Uuid,
        phase -> Text,
        category -> Text,
        legal_form -> Text,
        documents -> Array<Text>,
        status -> Text,
        instructed_at -> Nullable<Timestamptz>,
        signed_on -> Nullable<Date>,
        closed_on -> Nullable<Date>,
        abandoned_on -> Nullable<Date>,
        abandonment_reason -> Nullable<Text>,
        amendments_count -> Int4,
        amount_cents -> Int8,
        paid_cents -> Int8,
        credited_cents -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    allotments (departement_code) {
        departement_code -> Text,
        posts_ceiling -> Nullable<Int4>,
        posts_committed -> Int4,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    api_clients (id) {
        id -> Uuid,
        name -> Text,
        role -> Text,
        structure_id -> Nullable<Uuid>,
        departement_code -> Nullable<Text>,
        region_code -> Nullable<Text>,
        scopes -> Array<Text>,
        secret_hash -> Bytea,
        previous_secret_hash -> Nullable<Bytea>,
        previous_secret_until -> Nullable<Timestamptz>,
        expires_at -> Timestamptz,
        last_used_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    applications (id) {
        id -> Uuid,
        reference -> Text,
        structure_id -> Uuid,
        kind -> Text,
        posts_requested -> Int4,
        wanted_start_on -> Date,
        has_candidate -> Bool,
        motivation -> Text,
        pledge -> Bool,
        coordinator -> Nullable<Text>,
        status -> Text,
        submitted_at -> Nullable<Timestamptz>,
        decided_on -> Nullable<Date>,
        withdrawn_at -> Nullable<Timestamptz>,
        committee_id -> Nullable<Uuid>,
        posts_granted -> Nullable<Int4>,
        further_examinations -> Int4,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    attendances (enrolment_id, half_day) {
        enrolment_id -> Uuid,
        half_day -> Text,
        status -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    audit_entries (sequence) {
        sequence -> Int8,
        id -> Uuid,
        occurred_at -> Timestamptz,
        operation -> Text,
        request_id -> Text,
        role -> Text,
        issuer -> Text,
        subject -> Text,
        account_id -> Nullable<Uuid>,
        api_client_id -> Nullable<Uuid>,
        action -> Text,
        table_name -> Text,
        row_id -> Text,
        changed_columns -> Array<Text>,
    }
}

diesel::table! {
    bank_account_numbers (structure_id) {
        structure_id -> Uuid,
        iban -> Text,
    }
}

diesel::table! {
    bank_details (structure_id) {
        structure_id -> Uuid,
        holder -> Text,
        iban_masked -> Text,
        bic -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    call_windows (id) {
        id -> Uuid,
        audience -> Text,
        opens_on -> Date,
        closes_on -> Nullable<Date>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    candidate_contacts (candidate_id) {
        candidate_id -> Uuid,
        email -> Text,
        phone -> Nullable<Text>,
    }
}

diesel::table! {
    candidate_motivations (candidate_id) {
        candidate_id -> Uuid,
        motivation -> Text,
    }
}

diesel::table! {
    candidates (id) {
        id -> Uuid,
        reference -> Text,
        first_name -> Text,
        last_name -> Text,
        search_key -> Text,
        postal_code -> Text,
        commune_code -> Text,
        departement_code -> Text,
        region_code -> Text,
        longitude -> Float8,
        latitude -> Float8,
        max_distance_km -> Nullable<Int4>,
        anywhere -> Bool,
        available_from -> Date,
        job_seeker -> Bool,
        employed -> Bool,
        in_training -> Bool,
        graduated -> Bool,
        experienced -> Bool,
        diploma_name -> Nullable<Text>,
        status -> Text,
        confirmed_at -> Nullable<Timestamptz>,
        last_contact_at -> Timestamptz,
        reminded_at -> Nullable<Timestamptz>,
        blocked_at -> Nullable<Timestamptz>,
        block_reason -> Nullable<Text>,
        unsubscribed_at -> Nullable<Timestamptz>,
        unsubscribe_reason -> Nullable<Text>,
        erased_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    certifications (id) {
        id -> Uuid,
        reference -> Text,
        counsellor_id -> Uuid,
        structure_id -> Uuid,
        body_id -> Nullable<Uuid>,
        kind -> Text,
        attempt -> Int4,
        result -> Text,
        held_on -> Date,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    committees (id) {
        id -> Uuid,
        reference -> Text,
        number -> Int4,
        wave -> Int4,
        phase -> Text,
        held_on -> Date,
        status -> Text,
        opened_at -> Nullable<Timestamptz>,
        closed_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    communes (code) {
        code -> Text,
        name -> Text,
        kind -> Text,
        departement_code -> Text,
        region_code -> Text,
        epci_siren -> Nullable<Text>,
        population -> Nullable<Int4>,
        longitude -> Float8,
        latitude -> Float8,
        postal_codes -> Array<Text>,
        search_key -> Text,
        search_text -> Text,
        city_code -> Nullable<Text>,
        former_names -> Array<Text>,
    }
}

diesel::table! {
    counsellors (id) {
        id -> Uuid,
        reference -> Text,
        candidate_id -> Uuid,
        recruitment_id -> Uuid,
        structure_id -> Uuid,
        status -> Text,
        since_on -> Date,
        left_on -> Nullable<Date>,
        professional_email -> Nullable<Text>,
        professional_phone -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    credit_notes (id) {
        id -> Uuid,
        reference -> Text,
        agreement_id -> Uuid,
        agreement_post_id -> Uuid,
        structure_id -> Uuid,
        post_id -> Uuid,
        amount_cents -> Int8,
        reason -> Text,
        status -> Text,
        issued_on -> Date,
        repaid_on -> Nullable<Date>,
        bank_reference -> Nullable<Text>,
        offset_instalment_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    departements (code) {
        code -> Text,
        name -> Text,
        region_code -> Text,
        zone -> Text,
        prefecture_commune_code -> Nullable<Text>,
        population -> Nullable<Int4>,
        search_key -> Text,
    }
}

diesel::table! {
    emails (id) {
        id -> Uuid,
        template -> Text,
        recipient -> Text,
        subject -> Text,
        text_body -> Text,
        html_body -> Text,
        resource -> Text,
        resource_id -> Nullable<Uuid>,
        status -> Text,
        attempts -> Int4,
        next_attempt_at -> Timestamptz,
        sent_at -> Nullable<Timestamptz>,
        last_error -> Nullable<Text>,
        created_at -> Timestamptz,
        cause -> Text,
        last_word -> Bool,
    }
}

diesel::table! {
    enrolments (id) {
        id -> Uuid,
        reference -> Text,
        counsellor_id -> Uuid,
        recruitment_id -> Uuid,
        structure_id -> Uuid,
        path_id -> Uuid,
        kind -> Text,
        session_id -> Nullable<Uuid>,
        body_id -> Nullable<Uuid>,
        starts_on -> Nullable<Date>,
        ends_on -> Nullable<Date>,
        status -> Text,
        confirmed_at -> Nullable<Timestamptz>,
        completed_on -> Nullable<Date>,
        dropped_out_on -> Nullable<Date>,
        cancelled_at -> Nullable<Timestamptz>,
        exempted_on -> Nullable<Date>,
        exemption_proof -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    envelopes (code) {
        code -> Text,
        parent_code -> Nullable<Text>,
        allotted_cents -> Int8,
        committed_cents -> Int8,
        paid_cents -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    epcis (siren) {
        siren -> Text,
        name -> Text,
        kind -> Text,
        population -> Nullable<Int4>,
        search_key -> Text,
    }
}

diesel::table! {
    events (sequence) {
        sequence -> Int8,
        id -> Uuid,
        #[sql_name = "type"]
        type_ -> Text,
        resource -> Text,
        resource_id -> Uuid,
        structure_id -> Nullable<Uuid>,
        departement_code -> Nullable<Text>,
        region_code -> Nullable<Text>,
        occurred_at -> Timestamptz,
        epoch -> Int4,
        audience -> Nullable<Array<Text>>,
    }
}

diesel::table! {
    extensions (id) {
        id -> Uuid,
        recruitment_id -> Uuid,
        ends_on -> Date,
        gross_monthly_salary_cents -> Int8,
        previous_ends_on -> Date,
        previous_gross_monthly_salary_cents -> Int8,
        status -> Text,
        decided_at -> Nullable<Timestamptz>,
        refusal_reason -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    feed_epochs (number) {
        number -> Int4,
        id -> Uuid,
        system_identifier -> Int8,
        timeline -> Int4,
        database_oid -> Int8,
        events_oid -> Int8,
        reason -> Text,
        begun_at -> Timestamptz,
    }
}

diesel::table! {
    figure_editions (number) {
        number -> Int4,
        made_on -> Date,
        made_at -> Timestamptz,
        last_month -> Date,
    }
}

diesel::table! {
    form_calls (key, minute) {
        key -> Text,
        minute -> Timestamptz,
        calls -> Int4,
    }
}

diesel::table! {
    former_communes (code) {
        code -> Text,
        name -> Nullable<Text>,
        current_code -> Text,
    }
}

diesel::table! {
    held_purges (purge) {
        purge -> Text,
        rows_held -> Int8,
        rows_in_all -> Int8,
        first_held_at -> Timestamptz,
        last_held_at -> Timestamptz,
    }
}

diesel::table! {
    idempotency_keys (principal, method, path, key) {
        principal -> Text,
        method -> Text,
        path -> Text,
        key -> Text,
        request_hash -> Bytea,
        status -> Int4,
        etag -> Nullable<Text>,
        location -> Nullable<Text>,
        body -> Nullable<Bytea>,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        mentions -> Array<Uuid>,
        forgotten_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    instalments (id) {
        id -> Uuid,
        reference -> Text,
        agreement_id -> Uuid,
        agreement_post_id -> Uuid,
        structure_id -> Uuid,
        post_id -> Uuid,
        phase -> Text,
        rank -> Int4,
        amount_cents -> Int8,
        offset_cents -> Int8,
        conditions -> Array<Text>,
        months_elapsed -> Int4,
        settlement -> Bool,
        status -> Text,
        unmet -> Array<Text>,
        expected_on -> Nullable<Date>,
        due_on -> Nullable<Date>,
        paid_on -> Nullable<Date>,
        bank_reference -> Nullable<Text>,
        cancelled_on -> Nullable<Date>,
        rejections_count -> Int4,
        last_rejection -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    job_runs (job, day) {
        job -> Text,
        day -> Date,
        finished_at -> Nullable<Timestamptz>,
        report -> Nullable<Jsonb>,
    }
}

diesel::table! {
    late_reports (sequence) {
        sequence -> Int8,
        departement_code -> Text,
        starts_on -> Date,
        report_id -> Uuid,
        sign -> Int4,
        digest -> Text,
    }
}

diesel::table! {
    ledger_entries (sequence) {
        sequence -> Int8,
        id -> Uuid,
        kind -> Text,
        amount_cents -> Int8,
        envelope_code -> Text,
        agreement_id -> Uuid,
        agreement_post_id -> Uuid,
        structure_id -> Uuid,
        post_id -> Uuid,
        instalment_id -> Nullable<Uuid>,
        credit_note_id -> Nullable<Uuid>,
        batch_id -> Nullable<Uuid>,
        operation -> Text,
        booked_on -> Date,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    mail_links (id) {
        id -> Uuid,
        purpose -> Text,
        token_hash -> Bytea,
        structure_id -> Nullable<Uuid>,
        account_id -> Nullable<Uuid>,
        expires_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        candidate_id -> Nullable<Uuid>,
        email -> Nullable<Text>,
    }
}

diesel::table! {
    match_refusals (match_id) {
        match_id -> Uuid,
        side -> Text,
        reason -> Nullable<Text>,
        comment -> Nullable<Text>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    matches (id) {
        id -> Uuid,
        reference -> Text,
        candidate_id -> Uuid,
        structure_id -> Uuid,
        origin -> Text,
        run_id -> Nullable<Uuid>,
        distance_m -> Int4,
        status -> Text,
        candidate_accepted_at -> Nullable<Timestamptz>,
        structure_accepted_at -> Nullable<Timestamptz>,
        declined_by -> Nullable<Text>,
        met_on -> Nullable<Date>,
        ended_at -> Nullable<Timestamptz>,
        expires_on -> Date,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    matching_runs (id) {
        id -> Uuid,
        scope -> Text,
        structure_id -> Nullable<Uuid>,
        candidate_id -> Nullable<Uuid>,
        role -> Text,
        match_cap -> Int4,
        candidates_count -> Int4,
        structures_count -> Int4,
        pairs_count -> Int4,
        proposed_count -> Int4,
        expired_count -> Int4,
        closed_count -> Int4,
        skipped -> Jsonb,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    minimum_wages (starts_on) {
        starts_on -> Date,
        gross_monthly_cents -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    opinions (application_id) {
        application_id -> Uuid,
        opinion -> Text,
        comment -> Text,
        donor_structure_id -> Nullable<Uuid>,
        departement_code -> Nullable<Text>,
        region_code -> Nullable<Text>,
        given_at -> Timestamptz,
    }
}

diesel::table! {
    payment_batches (id) {
        id -> Uuid,
        reference -> Text,
        execution_on -> Date,
        status -> Text,
        payer_name -> Text,
        payer_iban -> Text,
        payer_bic -> Nullable<Text>,
        lines_count -> Int4,
        amount_cents -> Int8,
        paid_count -> Int4,
        paid_cents -> Int8,
        rejected_count -> Int4,
        rejected_cents -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    payment_line_accounts (line_id) {
        line_id -> Uuid,
        holder -> Text,
        iban -> Text,
        bic -> Nullable<Text>,
    }
}

diesel::table! {
    payment_lines (id) {
        id -> Uuid,
        batch_id -> Uuid,
        number -> Int4,
        instalment_id -> Uuid,
        structure_id -> Uuid,
        amount_cents -> Int8,
        status -> Text,
        paid_on -> Nullable<Date>,
        bank_reference -> Nullable<Text>,
        rejection -> Nullable<Text>,
        answered_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    place_counsellors (place_id, counsellor_id) {
        place_id -> Uuid,
        counsellor_id -> Uuid,
        main -> Bool,
        name_published -> Bool,
        objects -> Bool,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    post_attachments (id) {
        id -> Uuid,
        post_id -> Uuid,
        structure_id -> Uuid,
        from_on -> Date,
        to_on -> Nullable<Date>,
        reason -> Text,
        ended_by -> Nullable<Text>,
    }
}

diesel::table! {
    post_returns (id) {
        id -> Uuid,
        post_id -> Uuid,
        structure_id -> Uuid,
        reason -> Text,
        comment -> Nullable<Text>,
        status -> Text,
        decided_at -> Nullable<Timestamptz>,
        refusal_reason -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    posts (id) {
        id -> Uuid,
        reference -> Text,
        structure_id -> Uuid,
        application_id -> Uuid,
        reservation_id -> Nullable<Uuid>,
        granted_on -> Date,
        wave -> Int4,
        phase -> Text,
        coordinator -> Bool,
        recruitment_deadline -> Date,
        deadline_extended_at -> Nullable<Timestamptz>,
        deadline_extension_reason -> Nullable<Text>,
        status -> Text,
        available -> Bool,
        returned_on -> Nullable<Date>,
        return_reason -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
        occupant_may_move -> Bool,
    }
}

diesel::table! {
    programme (id) {
        id -> Int4,
        posts_cap -> Int4,
        posts_committed -> Int4,
        match_cap -> Int4,
    }
}

diesel::table! {
    reading_counts (principal, day) {
        principal -> Text,
        day -> Date,
        people -> Int8,
    }
}

diesel::table! {
    recruitments (id) {
        id -> Uuid,
        reference -> Text,
        post_id -> Uuid,
        structure_id -> Uuid,
        candidate_id -> Uuid,
        match_id -> Nullable<Uuid>,
        previous_id -> Nullable<Uuid>,
        origin -> Text,
        waiting -> Bool,
        phase -> Text,
        coordinator -> Bool,
        contract_type -> Text,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        gross_monthly_salary_cents -> Int8,
        documents -> Array<Text>,
        status -> Text,
        validated_at -> Nullable<Timestamptz>,
        refused_at -> Nullable<Timestamptz>,
        refusal_reason -> Nullable<Text>,
        cancelled_at -> Nullable<Timestamptz>,
        termination_requested_at -> Nullable<Timestamptz>,
        terminates_on -> Nullable<Date>,
        termination_reason -> Nullable<Text>,
        termination_comment -> Nullable<Text>,
        ended_on -> Nullable<Date>,
        ended_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    reference_loads (name) {
        name -> Text,
        content_hash -> Text,
        loaded_at -> Timestamptz,
    }
}

diesel::table! {
    regions (code) {
        code -> Text,
        name -> Text,
        zone -> Text,
        search_key -> Text,
    }
}

diesel::table! {
    reservations (id) {
        id -> Uuid,
        reference -> Text,
        name -> Text,
        departement_code -> Text,
        epci_siren -> Nullable<Text>,
        lead_structure_id -> Nullable<Uuid>,
        lead_departement_code -> Nullable<Text>,
        posts_reserved -> Int4,
        posts_consumed -> Int4,
        until_on -> Date,
        status -> Text,
        ended_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    structure_contacts (structure_id) {
        structure_id -> Uuid,
        first_name -> Text,
        last_name -> Text,
        job -> Text,
        email -> Text,
        phone -> Text,
    }
}

diesel::table! {
    structure_identity_changes (id) {
        id -> Uuid,
        structure_id -> Uuid,
        field -> Text,
        old_value -> Text,
        new_value -> Text,
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    structures (id) {
        id -> Uuid,
        reference -> Text,
        kind -> Text,
        experimental -> Bool,
        name -> Text,
        search_key -> Text,
        siret -> Nullable<Text>,
        ridet -> Nullable<Text>,
        address -> Nullable<Text>,
        postal_code -> Text,
        commune_code -> Text,
        epci_siren -> Nullable<Text>,
        departement_code -> Text,
        region_code -> Text,
        longitude -> Float8,
        latitude -> Float8,
        france_services -> Bool,
        zrr -> Bool,
        qpv -> Bool,
        network -> Nullable<Text>,
        ds_number -> Nullable<Text>,
        status -> Text,
        confirmed_at -> Nullable<Timestamptz>,
        retained_on -> Nullable<Date>,
        retained_wave -> Nullable<Int4>,
        withdrawn_on -> Nullable<Date>,
        cancelled_at -> Nullable<Timestamptz>,
        merged_into_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    subsidy_scale_instalments (scale_id, rank) {
        scale_id -> Uuid,
        rank -> Int4,
        amount_cents -> Int8,
        conditions -> Array<Text>,
        months_elapsed -> Int4,
    }
}

diesel::table! {
    subsidy_scale_zones (scale_id, zone) {
        scale_id -> Uuid,
        zone -> Text,
        phase -> Text,
        category -> Text,
        bonus -> Bool,
        valid_from -> Date,
    }
}

diesel::table! {
    subsidy_scales (id) {
        id -> Uuid,
        reference -> Text,
        phase -> Text,
        category -> Text,
        bonus -> Bool,
        territory -> Text,
        months -> Int4,
        amount_cents -> Int8,
        valid_from -> Date,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    training_bodies (id) {
        id -> Uuid,
        reference -> Text,
        name -> Text,
        siret -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    training_paths (id) {
        id -> Uuid,
        reference -> Text,
        name -> Text,
        kind -> Text,
        hours -> Int4,
        certification -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    training_sessions (id) {
        id -> Uuid,
        reference -> Text,
        path_id -> Uuid,
        body_id -> Uuid,
        region_code -> Nullable<Text>,
        place -> Nullable<Text>,
        half_days -> Array<Text>,
        starts_on -> Date,
        ends_on -> Date,
        capacity -> Int4,
        seats_taken -> Int4,
        status -> Text,
        cancelled_at -> Nullable<Timestamptz>,
        cancellation_reason -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    webhook_deliveries (id) {
        id -> Uuid,
        webhook_id -> Uuid,
        event_id -> Uuid,
        #[sql_name = "type"]
        type_ -> Text,
        body -> Text,
        status -> Text,
        attempts -> Int4,
        queued_at -> Timestamptz,
        next_attempt_at -> Timestamptz,
        delivered_at -> Nullable<Timestamptz>,
        answer_status -> Nullable<Int4>,
        last_error -> Nullable<Text>,
    }
}

diesel::table! {
    webhook_receivers (host) {
        host -> Text,
        busy_until -> Timestamptz,
        resting_until -> Timestamptz,
        silences -> Int4,
        answered_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    webhooks (id) {
        id -> Uuid,
        role -> Text,
        structure_id -> Nullable<Uuid>,
        departement_code -> Nullable<Text>,
        region_code -> Nullable<Text>,
        account_id -> Nullable<Uuid>,
        api_client_id -> Nullable<Uuid>,
        scopes -> Nullable<Array<Text>>,
        name -> Text,
        url -> Text,
        secret -> Text,
        resources -> Nullable<Array<Text>>,
        types -> Nullable<Array<Text>>,
        status -> Text,
        failing_since -> Nullable<Timestamptz>,
        disabled_at -> Nullable<Timestamptz>,
        reached_sequence -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
        epoch -> Int4,
        reached_epoch -> Int4,
        feed_restarted_at -> Nullable<Timestamptz>,
        receiver -> Text,
    }
}
