{% macro days_to_judge() -%}
    {#-
        In an incremental build of prediction_outcomes, the days (date_key) of which something beside incidents says
        that they are judged again: scores that came or that a build for an earlier moment must not know, what was
        not due yet and is, and what lies on the other side of the beginning of the records.
    -#}
    select distinct {{ date_key('scores.hour') }} as date_key
    from {{ source('predictions', 'anomaly_scores') }} as scores
    where scores.as_of > (select coalesce(max(scored_as_of), '-infinity'::timestamptz) from {{ this }})
    union
    {{ days_judged_too_early_or_late() }}
    union
    select built.date_key
    from {{ this }} as built
    cross join (
        select date_trunc('hour', observed_since, 'UTC') as hour
        from ({{ incidents_recorded_since() }}) as recorded
    ) as first_record
    where
        (
            built.outcome in ('false_alarm', 'correct_reject')
            and built.hour < first_record.hour
            and not {{ is_within_a_verdict('built.hour') }}
        )
        or (
            built.outcome = 'expired' and built.is_scored and built.device_key > 0
            and built.hour >= first_record.hour
        )
{%- endmacro %}

{% macro days_judged_too_early_or_late() -%}
    {#- The days (date_key) with rows that are not to be known as of the moment, or that have become due. -#}
    select built.date_key
    from {{ this }} as built
    where built.scored_as_of > {{ as_of() }}
    union
    select built.date_key
    from {{ this }} as built
    cross join ({{ incidents_observed_until() }}) as observed
    where built.outcome = 'not_due' and built.due_at <= observed.observed_until
{%- endmacro %}

{% macro is_within_a_verdict(moment) -%}
    {#- Whether people judged the stretch of a row of `built` at a moment, so that no record of incidents is needed. -#}
    exists (
        select from {{ ref('int_feedback__verdicts') }} as verdicts
        where
            verdicts.model = built.model
            and verdicts.device_key = built.device_key
            and verdicts.started_at <= {{ moment }}
            and verdicts.ended_at > {{ moment }}
    )
{%- endmacro %}

{% macro incidents_observed_until() -%}
    {#- Up to when the incident source has been read as of the moment (timestamptz); one row. -#}
    select coalesce(max(window_end), '-infinity'::timestamptz) as observed_until
    from {{ source('ops', 'loads') }}
    where source = 'thehive' and resource = 'cases' and window_end <= {{ as_of() }}
{%- endmacro %}

{% macro midnights_to_judge() -%}
    {#-
        The same of incident_outcomes: predictions that came or that a build for an earlier moment must not know, what
        was not due yet and is, and what lies on the other side of the beginning of the records.
    -#}
    select distinct {{ date_key('scores.as_of') }} as date_key
    from {{ ref('incident_predictions') }} as scores
    where scores.scored_at > (select coalesce(max(scored_as_of), '-infinity'::timestamptz) from {{ this }})
    union
    {{ days_judged_too_early_or_late() }}
    union
    select built.date_key
    from {{ this }} as built
    cross join ({{ incidents_recorded_since() }}) as recorded
    where
        (
            built.outcome in ('hit', 'miss', 'false_alarm', 'correct_reject')
            and built.as_of < recorded.observed_since
            and not {{ is_within_a_verdict('built.as_of') }}
        )
        or (built.outcome = 'expired' and built.is_scored and built.as_of >= recorded.observed_since)
{%- endmacro %}

{% macro incidents_recorded_since() -%}
    {#- Since when people have been writing incidents down (timestamptz), infinity if nobody has; one row. -#}
    select coalesce(min(least(occurred_at, detected_at)), 'infinity'::timestamptz) as observed_since
    from {{ ref('fct_incidents') }}
    where cases + tickets > 0
{%- endmacro %}
