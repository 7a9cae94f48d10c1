with source as (
    select *
    from {{ source('raw_thehive', 'alerts') }}
    where _known_at <= {{ as_of() }}
),

newest as (
    {{ newest_version('source', 'id') }}
),

renamed as (
    select
        id as hive_alert_id,
        type as alert_type,
        source as alert_source,
        source_ref as alert_reference,
        case_id,
        title,
        severity,
        status as alert_status,
        -- TheHive 4.1 has no stages: an alert of a case was imported, one that was read is closed
        coalesce(
            stage,
            case when case_id is not null then 'Imported' when is_read then 'Closed' else 'New' end
        ) as alert_stage,
        -- some integrations write seconds where TheHive reads milliseconds
        case when date < '1980-01-01 00:00:00+00' then to_timestamp(extract(epoch from date) * 1000) else date end
            as raised_at,
        coalesce(new_date, created_at) as entered_new_at,
        in_progress_date as entered_in_progress_at,
        imported_date as imported_at,
        closed_date as closed_at,
        created_at,
        updated_at,
        tags,
        _known_at,
        _load_id
    from newest
    where _deleted_at is null
)

select * from renamed
