{#- A version is old after so many days; bands are off by more than so many points, of enough values. -#}
{%- set stale_days, least_judged, most_points_off = 30, 100, 3 -%}

with accuracy as (
    select * from {{ ref('prediction_accuracy') }}
),

versions as (
    select * from {{ ref('dim_model') }}
),

drift as (
    select * from {{ ref('feature_drift') }}
),

days as (
    select * from {{ ref('dim_date') }}
),

spans as (
    select
        model,
        min(kind) as kind,
        min(trained_at) as trained_from
    from versions
    group by model
),

-- up to its end, or the moment if that comes first
model_days as (
    select
        days.date_key,
        days.date_day,
        spans.model,
        spans.kind,
        least({{ day_start('days.date_key') }} + interval '1 day', {{ as_of() }}) as until
    from spans
    inner join days
        on
            {{ utc_date('spans.trained_from') }} <= days.date_day
            and days.date_day <= {{ utc_date(as_of()) }}
),

serving as (
    select distinct on (model_days.model, model_days.date_key)
        model_days.model,
        model_days.date_key,
        versions.version,
        versions.trained_at,
        versions.learned_until
    from model_days
    inner join versions
        on
            model_days.model = versions.model
            and model_days.until >= versions.serves_from
            and coalesce(model_days.until < versions.serves_to, true)
    order by model_days.model asc, model_days.date_key asc, versions.serves_from desc
),

newest as (
    select distinct on (model_days.model, model_days.date_key)
        model_days.model,
        model_days.date_key,
        versions.version,
        versions.is_promotable,
        versions.gate_reason
    from model_days
    inner join versions
        on
            model_days.model = versions.model
            and model_days.until >= versions.trained_at
    order by model_days.model asc, model_days.date_key asc, versions.trained_at desc, versions.version asc
),

judgements as (
    select
        model,
        version,
        week,
        as_of,
        serves_from,
        case when max(psi) is not null then count(*) filter (where verdict = 'drifted') end as drifted_features,
        round(max(psi)::numeric, 4) as greatest_psi,
        max(psi) filter (where verdict = 'drifted') as greatest_drifted_psi
    from drift
    group by model, version, week, as_of, serves_from
),

judged_features as (
    select distinct on (model_days.model, model_days.date_key)
        model_days.model,
        model_days.date_key,
        judgements.week,
        judgements.drifted_features,
        judgements.greatest_psi,
        judgements.greatest_drifted_psi
    from model_days
    inner join judgements
        on
            model_days.model = judgements.model
            and model_days.until >= judgements.as_of
    order by
        model_days.model asc, model_days.date_key asc, judgements.as_of desc, judgements.serves_from desc nulls last,
        judgements.version asc
),

told as (
    select
        model,
        date_key,
        sum(predictions)::bigint as predictions,
        sum(not_scored)::bigint as not_scored,
        sum(flagged)::bigint as flagged,
        sum(hits)::bigint as hits,
        sum(misses)::bigint as misses,
        sum(false_alarms)::bigint as false_alarms,
        sum(probabilities)::bigint as probabilities,
        sum(squared_error) as squared_error,
        sum(absolute_error) as absolute_error,
        sum(absolute_actual) as absolute_actual,
        sum(comparable_error) as comparable_error,
        sum(naive_error) as naive_error
    from accuracy
    group by model, date_key
),

reason_counts as (
    select
        accuracy.model,
        accuracy.date_key,
        reason.reason,
        sum(reason.predictions::bigint) as predictions
    from accuracy
    cross join lateral jsonb_each_text(accuracy.not_scored_reasons) as reason (reason, predictions)
    group by accuracy.model, accuracy.date_key, reason.reason
),

reasons as (
    select
        model,
        date_key,
        jsonb_object_agg(reason, predictions) as not_scored_reasons
    from reason_counts
    group by model, date_key
),

joined as (
    select
        model_days.date_key,
        model_days.date_day,
        model_days.model,
        model_days.kind = 'forecast' as is_forecast,
        serving.version,
        serving.trained_at,
        model_days.date_day - {{ utc_date('serving.trained_at') }} as version_age_days,
        newest.version as newest_version,
        newest.is_promotable as is_newest_promotable,
        newest.gate_reason,
        judged_features.week as judged_week,
        judged_features.drifted_features,
        judged_features.greatest_psi,
        judged_features.greatest_drifted_psi,
        {{ utc_date('serving.learned_until') }} >= judged_features.week + 7 as has_learned_week,
        coalesce(told.predictions, 0) as predictions,
        coalesce(told.not_scored, 0) as not_scored,
        coalesce(told.flagged, 0) as flagged,
        coalesce(told.hits, 0) as hits,
        coalesce(told.misses, 0) as misses,
        coalesce(told.false_alarms, 0) as false_alarms,
        coalesce(told.probabilities, 0) as probabilities,
        told.squared_error,
        told.absolute_error,
        told.absolute_actual,
        told.comparable_error,
        told.naive_error,
        reasons.not_scored_reasons
    from model_days
    left join serving
        on
            model_days.model = serving.model
            and model_days.date_key = serving.date_key
    left join newest
        on
            model_days.model = newest.model
            and model_days.date_key = newest.date_key
    left join judged_features
        on
            model_days.model = judged_features.model
            and model_days.date_key = judged_features.date_key
    left join told
        on
            model_days.model = told.model
            and model_days.date_key = told.date_key
    left join reasons
        on
            model_days.model = reasons.model
            and model_days.date_key = reasons.date_key
),

measured as (
    select
        *,
        round(100.0 * (predictions - not_scored) / nullif(predictions, 0), 4) as scored_pct,
        {{ measures_of_accuracy() }}
    from joined
),

-- the first that holds is told
judged as (
    select
        *,
        case
            when version is null then 'no_version'
            when predictions = 0 and date_day < {{ utc_date(as_of()) }} - 1 then 'silent'
            when predictions > 0 and scored_pct < 50 then 'unscored'
            when hits + misses >= {{ least_judged }} and abs(band_coverage_pct - 95) > {{ most_points_off }}
                then 'miscalibrated'
            when drifted_features > 0 and not has_learned_week then 'drifted'
            when version_age_days > {{ stale_days }} then 'stale'
            else 'healthy'
        end as status
    from measured
)

select
    date_key,
    date_day,
    model,
    version,
    trained_at,
    version_age_days,
    newest_version,
    is_newest_promotable,
    gate_reason,
    predictions,
    predictions - not_scored as scored,
    not_scored,
    scored_pct,
    not_scored_reasons,
    flagged,
    hits,
    misses,
    false_alarms,
    precision_pct,
    recall_pct,
    brier_score,
    band_coverage_pct,
    mae,
    wape,
    mase,
    drifted_features,
    greatest_psi,
    status,
    case status
        when 'no_version' then 'no version serves: ' || coalesce(gate_reason, 'none was trained')
        when 'silent' then 'nothing was said about the day'
        when 'unscored' then 'of ' || predictions || ' rows ' || not_scored || ' say nothing'
        when 'miscalibrated'
            then 'bands of 95 % held ' || round(band_coverage_pct, 1) || ' % of ' || hits + misses || ' values'
        when 'drifted'
            then
                drifted_features || ' features of the week of ' || judged_week || ' are unlike training, psi up to '
                || round(greatest_drifted_psi::numeric, 2)
        when 'stale' then 'the version is ' || version_age_days || ' days old: ' || gate_reason
        else 'version ' || version || ' serves, ' || version_age_days || ' days old'
    end as status_reason
from judged
