with source as (
    select *
    from {{ source('raw_thehive', 'tasks') }}
    where _known_at <= {{ as_of() }}
),

newest as (
    {{ newest_version('source', 'id') }}
),

renamed as (
    select
        id as task_id,
        case_id,
        title as task_title,
        task_group,
        {{ known_or_unknown('status', ['Waiting', 'InProgress', 'Completed', 'Cancel'], name='task_status') }},
        created_at,
        start_date as started_at,
        end_date as ended_at,
        {{ hash_personal('assignee') }} as assignee_hash,
        _known_at,
        _load_id
    from newest
    where _deleted_at is null
)

select * from renamed
