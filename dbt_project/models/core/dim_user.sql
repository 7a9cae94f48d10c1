with user_versions as (
    select * from {{ ref('stg_odoo__users__versions') }}
),

kinds as (
    select * from {{ ref('int_user__kinds') }}
),

tickets as (
    select * from {{ ref('stg_odoo__tickets__versions') }}
),

tracking_values as (
    select * from {{ ref('stg_odoo__mail_tracking_values') }}
    where record_model = 'helpdesk.ticket' and field_name = 'user_id'
),

timesheets as (
    select * from {{ ref('stg_odoo__timesheets') }}
),

cases as (
    select * from {{ ref('stg_thehive__cases') }}
),

partner_versions as (
    select * from {{ ref('stg_odoo__partners__versions') }}
),

intervals as (
    {{ scd2_intervals('user_versions', 'user_id', ['login_hash', 'is_active']) }}
),

-- who asked without a login of their own
contact_versions as (
    select partner_versions.*
    from partner_versions
    inner join (select distinct partner_id from tickets) as askers on partner_versions.partner_id = askers.partner_id
    left join kinds on partner_versions.partner_id = kinds.partner_id and kinds.user_kind <> 'bot'
    where not partner_versions.is_company and kinds.partner_id is null
),

contact_intervals as (
    {{ scd2_intervals('contact_versions', 'partner_id', ['email_hash', 'is_active']) }}
),

-- everybody else whom the history of tickets names
named_users as (
    select user_id from tickets
    union
    select opened_by_user_id as user_id from tickets
    union
    select nullif(old_value_id, 0) as user_id from tracking_values
    union
    select nullif(new_value_id, 0) as user_id from tracking_values
    union
    select user_id from timesheets
),

named_contacts as (
    select distinct tickets.partner_id
    from tickets
    left join partner_versions on tickets.partner_id = partner_versions.partner_id
    left join kinds on tickets.partner_id = kinds.partner_id and kinds.user_kind <> 'bot'
    where tickets.partner_id is not null and partner_versions.partner_id is null and kinds.partner_id is null
),

-- TheHive's analysts without a login in Odoo
analysts as (
    select distinct cases.assignee_hash as login_hash
    from cases
    left join user_versions on cases.assignee_hash = user_versions.login_hash
    where cases.assignee_hash is not null and user_versions.login_hash is null
),

users as (
    select
        {{ surrogate_key('odoo.users', 'intervals.user_id') }} as user_key,
        kinds.user_kind,
        case kinds.user_kind when 'portal' then 'Portal user ' when 'bot' then 'Bot ' else 'Agent ' end
        || intervals.user_id as user_label,
        intervals.login_hash,
        coalesce(intervals.is_active, true) as is_active,
        'odoo' as source,
        intervals.valid_from,
        intervals.valid_to,
        intervals.is_current,
        intervals.is_deleted,
        false as is_inferred
    from intervals
    inner join kinds on intervals.user_id = kinds.user_id
    union all
    select
        {{ surrogate_key('odoo.contacts', 'partner_id') }} as user_key,
        'requester' as user_kind,
        'Contact ' || partner_id as user_label,
        email_hash as login_hash,
        coalesce(is_active, true) as is_active,
        'odoo' as source,
        valid_from,
        valid_to,
        is_current,
        is_deleted,
        false as is_inferred
    from contact_intervals
),

-- people whose own row has not come yet, or never will
named_only as (
    select
        {{ surrogate_key('odoo.users', 'named_users.user_id') }} as user_key,
        'agent' as user_kind,
        'Agent ' || named_users.user_id as user_label,
        null as login_hash,
        'odoo' as source,
        true as is_inferred
    from named_users
    left join kinds on named_users.user_id = kinds.user_id
    where named_users.user_id is not null and kinds.user_id is null
    union all
    select
        {{ surrogate_key('odoo.contacts', 'partner_id') }} as user_key,
        'requester' as user_kind,
        'Contact ' || partner_id as user_label,
        null as login_hash,
        'odoo' as source,
        true as is_inferred
    from named_contacts
    union all
    select
        {{ surrogate_key('thehive.users', 'login_hash') }} as user_key,
        'analyst' as user_kind,
        'Analyst ' || left(login_hash, 8) as user_label,
        login_hash,
        'thehive' as source,
        true as is_inferred
    from analysts
    union all
    select
        -1 as user_key,
        'unknown' as user_kind,
        'Unknown' as user_label,
        null as login_hash,
        'none' as source,
        false as is_inferred
    union all
    select
        -2 as user_key,
        'unknown' as user_kind,
        'Nobody' as user_label,
        null as login_hash,
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
        login_hash,
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
