-- The tables that neither dlt nor dbt makes, and who may write them.
-- Applied by every setup: whatever stands here must be repeatable.

create table if not exists ops.loads (
    load_id text not null,
    source text not null,
    resource text not null,
    dlt_load_id text,
    as_of timestamptz not null,
    window_start timestamptz,
    window_end timestamptz,
    started_at timestamptz not null,
    finished_at timestamptz,
    received bigint not null,
    accepted bigint not null,
    rejected bigint not null,
    new bigint not null,
    changed bigint not null,
    unchanged bigint not null,
    duplicate bigint not null,
    deleted bigint not null,
    bytes bigint not null,
    read_seconds double precision not null,
    primary key (load_id, source, resource),
    constraint every_row_received_is_accepted_or_rejected
        check (received = accepted + rejected),
    constraint every_row_accepted_has_one_outcome
        check (accepted = new + changed + unchanged + duplicate)
);

create table if not exists ops.reconciliation (
    load_id text not null,
    source text not null,
    resource text not null,
    window_start timestamptz,
    window_end timestamptz,
    source_count bigint not null,
    raw_count bigint not null,
    quarantined bigint not null,
    duplicates bigint not null,
    checked_at timestamptz not null,
    primary key (load_id, source, resource)
);

-- Runs that came to an end, of whatever kind, as Dagster's own database tells them; as_of is the moment a
-- run was about, the other times are the clock's.
create table if not exists ops.runs (
    run_id text primary key,
    job text not null,
    status text not null check (status in ('success', 'failure', 'canceled')),
    as_of timestamptz not null,
    started_at timestamptz,
    ended_at timestamptz not null
);

-- Their steps. rows_written and bytes_written are null where a step does not tell.
create table if not exists ops.steps (
    run_id text not null references ops.runs,
    step text not null,
    status text not null check (status in ('success', 'failure', 'skipped', 'unfinished')),
    attempts integer not null,
    started_at timestamptz,
    ended_at timestamptz,
    rows_written bigint,
    bytes_written bigint,
    primary key (run_id, step)
);

-- The state of code and inputs that dbt built each of its relations in.
create table if not exists ops.built_models (
    model text primary key,
    state text not null
);

-- What the days of a table hold that dbt's models read day by day: a new version with every change.
create table if not exists ops.built_days (
    model text not null,
    date_key integer not null,
    rows_hash numeric,
    version bigint not null,
    primary key (model, date_key)
);
create sequence if not exists ops.day_version owned by ops.built_days.version;

-- Up to which of these versions a model has read, and the hash of the code it was built by.
create table if not exists ops.read_days (
    model text primary key,
    code text not null,
    version bigint not null
);

-- What the inventory said of the devices whose keys a model's rows bear, when it was built last.
create table if not exists ops.read_device_versions (
    model text not null,
    device_key bigint not null,
    valid_from timestamptz not null,
    valid_to timestamptz not null,
    site_key bigint not null,
    customer_key bigint not null,
    role_name text not null,
    primary key (model, device_key, valid_from)
);

-- Whose rows of the marts a login sees; the policies that dbt puts on every mart look here. Only the
-- owner writes it, and nobody else may enter the schema to read it.
create table if not exists ops.customer_roles (
    role_name name not null,
    customer_key bigint not null,
    primary key (role_name, customer_key)
);

-- A source that keeps failing is left alone until retry_at.
create table if not exists ops.source_circuits (
    source text primary key,
    failures integer not null,
    last_failed_at timestamptz not null,
    last_error text not null,
    retry_at timestamptz
);

-- Every JSON type a field of a source has come in.
create table if not exists ops.source_fields (
    source text not null,
    resource text not null,
    field text not null,
    type text not null,
    load_id text not null,
    first_seen_at timestamptz not null,
    primary key (source, resource, field, type)
);

-- What came after a resource's first load: a new field (no old type), or a type that changed.
create or replace view ops.schema_changes as
with ordered as (
    select
        source,
        resource,
        field,
        lag(type) over (
            partition by source, resource, field
            order by first_seen_at, load_id, type
        ) as old_type,
        type as new_type,
        load_id,
        first_seen_at,
        min(first_seen_at) over (partition by source, resource) as resource_first_seen_at
    from ops.source_fields
)

select
    source,
    resource,
    field,
    old_type,
    new_type,
    load_id,
    first_seen_at as seen_at
from ordered
where first_seen_at > resource_first_seen_at;

create table if not exists quarantine.rejected_rows (
    source text not null,
    resource text not null,
    payload_hash text not null,
    reason text not null,
    field text,
    payload jsonb not null,
    -- the row's key as a JSON list, null where the key itself is broken
    row_key text,
    load_id text not null,
    status text not null default 'open' check (status in ('open', 'replayed', 'superseded')),
    rejected_at timestamptz not null,
    replayed_at timestamptz,
    -- the moments of the loads that opened it last and closed it
    opened_as_of timestamptz,
    closed_as_of timestamptz,
    primary key (source, resource, payload_hash)
);

-- for tables made before these moments were kept; asked first, because even an `add column if not exists`
-- that adds nothing locks everybody out
do $$
begin
    if not exists (
        select from pg_attribute
        where attrelid = 'quarantine.rejected_rows'::regclass and attname = 'closed_as_of'
    ) then
        alter table quarantine.rejected_rows
        add column opened_as_of timestamptz,
        add column closed_as_of timestamptz;
    end if;
end
$$;

create table if not exists predictions.model_versions (
    model text not null,
    version text not null,
    mlflow_version text,
    params jsonb not null,
    features jsonb not null,
    data_fingerprint text not null,
    code_hash text not null,
    artifact_uri text,
    artifact_sha256 text,
    trained_at timestamptz not null,
    train_start timestamptz not null,
    train_end timestamptz not null,
    learned_until timestamptz not null,
    rows bigint not null,
    seed integer not null,
    is_promotable boolean not null,
    gate_reason text,
    champion_from timestamptz,
    champion_to timestamptz,
    challenger_from timestamptz,
    challenger_to timestamptz,
    primary key (model, version)
);

-- for tables made before versions were challengers
do $$
begin
    if not exists (
        select from pg_attribute
        where attrelid = 'predictions.model_versions'::regclass and attname = 'challenger_to'
    ) then
        alter table predictions.model_versions
        add column challenger_from timestamptz,
        add column challenger_to timestamptz;
    end if;
end
$$;

-- for tables made before it was kept, when the incident prediction alone left its youngest rows out
do $$
begin
    if not exists (
        select from pg_attribute
        where attrelid = 'predictions.model_versions'::regclass and attname = 'learned_until'
    ) then
        alter table predictions.model_versions add column learned_until timestamptz;
        update predictions.model_versions
        set learned_until = train_end - interval '7 days' * (model = 'device_incident_7d')::integer;
        alter table predictions.model_versions alter column learned_until set not null;
    end if;
end
$$;

create table if not exists predictions.backtests (
    model text not null,
    version text not null,
    fold integer not null,
    slice text not null,
    metric text not null,
    value double precision,
    baseline_value double precision,
    n bigint not null,
    primary key (model, version, fold, slice, metric)
);

-- The hour stands before the entity in the key, because scores are written and read by time. The entity is a device,
-- an interface or an agent, as the model says; device_key is the device it belongs to, -1 of an agent without one.
create table if not exists predictions.anomaly_scores (
    model text not null,
    version text not null,
    entity_key bigint not null,
    device_key bigint not null,
    hour timestamptz not null,
    as_of timestamptz not null,
    score double precision check (score between 0 and 1),
    raw_score double precision,
    baseline_score double precision,
    severity text,
    is_flagged boolean not null,
    coverage double precision,
    not_scored_reason text,
    factors jsonb,
    primary key (model, hour, entity_key)
);

-- for tables made when devices alone were scored
do $$
begin
    if not exists (
        select from pg_attribute
        where attrelid = 'predictions.anomaly_scores'::regclass and attname = 'entity_key'
    ) then
        alter table predictions.anomaly_scores add column entity_key bigint;
        update predictions.anomaly_scores set entity_key = device_key;
        alter table predictions.anomaly_scores
        alter column entity_key set not null,
        drop constraint anomaly_scores_pkey,
        add primary key (model, hour, entity_key);
    end if;
end
$$;

-- flagged hours are few among many; alerts and what BI lists are read off them alone
create index if not exists anomaly_scores_flagged on predictions.anomaly_scores (hour) where is_flagged;
-- which scores are new is asked in every build, of which there are millions
create index if not exists anomaly_scores_as_of on predictions.anomaly_scores (as_of, hour);

-- Forecasts of the thirty days from first_day on, of every run that forecast anew. The run stands first in the
-- key, because forecasts are written, read and dropped by run; they are judged by the day they are about.
create table if not exists predictions.forecasts (
    model text not null,
    version text,
    resource text not null,
    device_key bigint not null,
    first_day date not null,
    ds date not null check (ds >= first_day),
    as_of timestamptz not null,
    yhat double precision,
    yhat_lower_80 double precision,
    yhat_upper_80 double precision,
    yhat_lower_95 double precision,
    yhat_upper_95 double precision,
    method text,
    not_scored_reason text,
    primary key (first_day, model, device_key, ds),
    constraint every_forecast_is_there_or_has_a_reason
        check ((yhat is null) = (not_scored_reason is not null))
);
create index if not exists forecasts_ds on predictions.forecasts (ds);

-- What a model says of an entity as of a moment, which stands first in the key because scores are written and
-- read by time. scored_at is the moment the run was about. Without a probability there is a reason.
create table if not exists predictions.scores (
    model text not null,
    version text not null,
    entity_key bigint not null,
    as_of timestamptz not null,
    scored_at timestamptz not null,
    probability double precision check (probability between 0 and 1),
    level text,
    is_flagged boolean not null,
    incident_type text,
    type_probability double precision check (type_probability between 0 and 1),
    coverage double precision check (coverage between 0 and 1),
    method text,
    factors jsonb,
    recommendation text,
    not_scored_reason text,
    is_publishable boolean generated always as (not_scored_reason is null) stored,
    primary key (as_of, model, entity_key, version),
    constraint a_score_or_the_reason_for_none
    check ((probability is null) = (not_scored_reason is not null))
);
create index if not exists scores_scored_at on predictions.scores (scored_at);

-- What a challenger says of what the champion is asked about too. Nobody reads it but who compares both, and it goes
-- when the challenge ends. Said as of `origin` about `about`, which is the same but in forecasts; the value is a
-- probability, a forecast, or 1 for a flagged and 0 for another hour, null where nothing was said.
create table if not exists predictions.shadow_predictions (
    model text not null,
    version text not null,
    entity_key bigint not null,
    origin timestamptz not null,
    about timestamptz not null check (about >= origin),
    as_of timestamptz not null,
    value double precision,
    primary key (model, version, origin, entity_key, about)
);

-- How challengers fare beside champions, one row for each pair. judged_at is the moment of the newest comparison,
-- ended_at that from which one of both was no longer what it was. Losses are means per row.
create table if not exists predictions.challenges (
    model text not null,
    champion text not null,
    challenger text not null,
    began_at timestamptz not null,
    judged_at timestamptz not null,
    ended_at timestamptz,
    n bigint not null,
    days integer not null,
    entities integer not null,
    champion_loss double precision,
    challenger_loss double precision,
    naive_loss double precision,
    difference double precision,
    difference_lower double precision,
    difference_upper double precision,
    margin double precision,
    verdict text not null check (verdict in ('open', 'not_worse', 'worse', 'gate')),
    reason text not null,
    primary key (model, challenger, champion)
);

-- Whether a measure of a device or customer rose or fell in the weeks before the Monday `until`, which stands first
-- in the key because the trends of a week are written, read and dropped together.
create table if not exists predictions.trend_analyses (
    until date not null,
    metric text not null,
    entity_kind text not null check (entity_kind in ('device', 'customer')),
    entity_key bigint not null,
    customer_key bigint not null,
    as_of timestamptz not null,
    first_week date not null,
    newest_value double precision,
    n integer not null,
    autocorrelation double precision,
    s double precision,
    tau double precision,
    p_value double precision check (p_value between 0 and 1),
    q_value double precision check (q_value between 0 and 1),
    slope double precision,
    slope_lower double precision,
    slope_upper double precision,
    direction text check (direction in ('rising', 'falling', 'none')),
    not_tested_reason text,
    primary key (until, metric, entity_key),
    constraint a_trend_or_the_reason_for_none
    check ((direction is null) = (not_tested_reason is not null))
);

-- Whether a feature of the version that served looked in the week from a Monday on as it did in training.
create table if not exists predictions.drift (
    model text not null,
    version text not null,
    week date not null check (extract(isodow from week) = 1),
    feature text not null,
    as_of timestamptz not null,
    psi double precision check (psi >= 0),
    p_value double precision check (p_value between 0 and 1),
    q_value double precision check (q_value between 0 and 1),
    n bigint not null,
    n_reference bigint not null,
    verdict text not null check (verdict in ('drifted', 'stable', 'too_few')),
    primary key (model, version, week, feature),
    constraint an_index_unless_there_is_too_little
    check ((psi is null) = (verdict = 'too_few'))
);

-- What people said of alerts, never changed. The steps the alert had then, started_at <= t < ended_at, stay what was
-- judged, however the alert grows; given_by is the login or the role it had assumed.
create table if not exists predictions.feedback (
    feedback_id bigint generated always as identity primary key,
    alert_key bigint not null,
    model text not null,
    device_key bigint not null,
    customer_key bigint not null,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    label text not null check (label in ('ack', 'false_positive', 'confirmed', 'action_taken')),
    given_by text not null,
    given_at timestamptz not null,
    constraint feedback_is_about_a_stretch_of_time check (started_at < ended_at)
);

-- The only way to give feedback: by an analyst about any alert, by a customer about its own. The clock says when, so
-- that nothing is known before it was said. Saying again what still stands adds nothing; returns the feedback_id.
create or replace function predictions.record_feedback(alert_key bigint, label text)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    -- current_user is the owner here; the role a session assumed cannot be forged as other settings can
    caller constant name := coalesce(nullif(current_setting('role'), 'none'), session_user);
    asked constant bigint := record_feedback.alert_key;
    said constant text := record_feedback.label;
    alert record;
    id bigint;
begin
    if said is null or said not in ('ack', 'false_positive', 'confirmed', 'action_taken') then
        raise exception using
            errcode = 'invalid_parameter_value',
            message = format('label %L: give ack, false_positive, confirmed or action_taken', said);
    end if;
    if to_regclass('marts.predictive_alerts') is null then
        raise exception using
            errcode = 'undefined_table',
            message = 'marts.predictive_alerts is not built yet: run a build, then give feedback';
    end if;
    select * into alert
    from marts.predictive_alerts as alerts
    where
        alerts.alert_key = asked
        and (
            pg_has_role(caller, 'opsmart_analyst', 'usage')
            or exists (
                select from ops.customer_roles as shown
                where shown.role_name = caller and shown.customer_key = alerts.customer_key
            )
        );
    if not found then
        raise exception using
            errcode = 'no_data_found',
            message = format(
                'alert %s: %s sees none of that key, take an alert_key of marts.predictive_alerts', asked, caller
            );
    end if;
    -- two who say the same at once wait for each other
    perform pg_advisory_xact_lock(hashtextextended('predictions.feedback', asked));
    select max(given.feedback_id) into id
    from predictions.feedback as given
    where
        given.alert_key = asked
        and given.ended_at = alert.ended_at
        and given.label = said
        and given.given_by = caller
        and not exists (
            select from predictions.feedback as later
            where
                later.alert_key = asked
                and later.feedback_id > given.feedback_id
                and later.label <> said
                and later.label in ('false_positive', 'confirmed')
                and said in ('false_positive', 'confirmed')
        );
    if id is null then
        insert into predictions.feedback (
            alert_key, model, device_key, customer_key, started_at, ended_at, label, given_by, given_at
        )
        values (
            asked, alert.model, alert.device_key, alert.customer_key, alert.started_at, alert.ended_at, said, caller,
            clock_timestamp()
        )
        returning feedback_id into id;
    end if;
    return id;
end
$$;

grant select, insert, update, delete
on ops.loads, ops.reconciliation, ops.source_circuits, ops.source_fields, ops.runs, ops.steps,
quarantine.rejected_rows
to opsmart_loader;

grant select
on ops.loads, ops.reconciliation, ops.source_circuits, ops.source_fields, ops.schema_changes, ops.runs,
ops.steps, quarantine.rejected_rows
to opsmart_transformer;

grant select, insert, update, delete
on ops.built_models, ops.built_days, ops.read_days, ops.read_device_versions
to opsmart_transformer;

grant usage on sequence ops.day_version to opsmart_transformer;

grant select, insert, update, delete
on predictions.model_versions, predictions.backtests, predictions.anomaly_scores, predictions.forecasts,
predictions.scores, predictions.trend_analyses, predictions.drift, predictions.shadow_predictions,
predictions.challenges
to opsmart_ml;

grant select
on predictions.model_versions, predictions.backtests, predictions.anomaly_scores, predictions.forecasts,
predictions.scores, predictions.trend_analyses, predictions.drift, predictions.shadow_predictions,
predictions.challenges, predictions.feedback
to opsmart_transformer;

revoke all on function predictions.record_feedback from public;
grant execute on function predictions.record_feedback to opsmart_analyst, opsmart_tenant;

-- read by the policies, in the name of whoever asks
grant select on ops.customer_roles to opsmart_tenant;
