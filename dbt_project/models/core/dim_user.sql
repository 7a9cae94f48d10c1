with user_versions as (
    select * from {{ ref('stg_odoo__users__versions') }}
),

tickets as (
    select * from {{ ref('stg_odoo__tickets') }}
),

intervals as (
    {{ scd2_intervals('user_versions', 'user_id', ['login_hash', 'is_portal_user', 'is_active']) }}
),

users as (
    select
        {{ surrogate_key('odoo.users', 'user_id') }} as user_key,
        case when is_portal_user then 'portal' else 'agent' end as user_kind,
        case when is_portal_user then 'Portal user ' else 'Agent ' end || user_id as user_label,
        login_hash,
        coalesce(is_active, true) as is_active,
        'odoo' as source,
        valid_from,
        valid_to,
        is_current,
        is_deleted,
        false as is_inferred
    from intervals
),

-- assignees whose own row has not come yet
named_only as (
    select distinct
        {{ surrogate_key('odoo.users', 'tickets.user_id') }} as user_key,
        'agent' as user_kind,
        'Agent ' || tickets.user_id as user_label,
        'odoo' as source,
        true as is_inferred
    from tickets
    left join user_versions on tickets.user_id = user_versions.user_id
    where tickets.user_id is not null and user_versions.user_id is null
    union all
    select
        -1 as user_key,
        'unknown' as user_kind,
        'Unknown' as user_label,
        'none' as source,
        false as is_inferred
    union all
    select
        -2 as user_key,
        'unknown' as user_kind,
        'Nobody' as user_label,
        'none' as source,
        false as is_inferred
),

all_members as (
    select * from users
    union all
    select
        user_key,
        user_kind,
        user_label,
        null as login_hash,
        true as is_active,
        source,
        '1900-01-01 00:00:00+00'::timestamptz as valid_from,
        '9999-12-31 00:00:00+00'::timestamptz as valid_to,
        true as is_current,
        false as is_deleted,
        is_inferred
    from named_only
),

keyed as (
    select
        user_key,
        {{ version_key('user_key', 'valid_from') }} as user_version_key,
        user_kind,
        user_label,
        login_hash,
        is_active,
        source,
        valid_from,
        valid_to,
        is_current,
        is_deleted,
        is_inferred
    from all_members
)

select * from keyed
