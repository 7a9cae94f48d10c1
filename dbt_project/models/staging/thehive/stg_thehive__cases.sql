with source as (
    select *
    from {{ source('raw_thehive', 'cases') }}
    where _known_at <= {{ as_of() }}
),

newest as (
    {{ newest_version('source', 'id') }}
),

renamed as (
    select
        id as case_id,
        number as case_number,
        title,
        severity,
        {{ known_or_unknown('status', [
            'New', 'InProgress', 'Indeterminate', 'FalsePositive', 'TruePositive', 'Other', 'Duplicated'
        ], name='case_status') }},
        {{ known_or_unknown('stage', ['New', 'InProgress', 'Closed'], name='case_stage') }},
        tlp,
        start_date as started_at,
        new_date as entered_new_at,
        in_progress_date as entered_in_progress_at,
        closed_date as first_closed_at,
        end_date as ended_at,
        to_timestamp((
            jsonb_path_query_first(
                rest, '$.customFields[*] ? (@.name == "mitigated-at").value ? (@.type() == "number")'
            ) #>> '{}'
        )::numeric / 1000) as mitigated_at,
        created_at,
        updated_at,
        {{ hash_personal('created_by') }} as created_by_hash,
        {{ hash_personal('assignee') }} as assignee_hash,
        tags,
        _known_at,
        _load_id
    from newest
    where _deleted_at is null
)

select * from renamed
