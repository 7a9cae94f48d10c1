{% macro scd2_intervals(versions, key, attributes) -%}
    {#-
        Half-open validity intervals [valid_from, valid_to) of the attributes of every key, from all
        its versions. Versions that change none of the attributes make no interval; of several
        versions known at one moment the last loaded counts. The first interval reaches back to
        1900, because what was true before the first load was not different, only not recorded; the
        last one ends in 9999 and is current. A deletion begins an interval of its own.
    -#}
    select
        {{ key }},
        {{ attributes | join(',\n        ') }},
        is_deleted,
        case when change_number = 1 then '1900-01-01 00:00:00+00'::timestamptz else _known_at end as valid_from,
        coalesce(next_known_at, '9999-12-31 00:00:00+00'::timestamptz) as valid_to,
        next_known_at is null as is_current
    from (
        select
            changed.*,
            row_number() over (partition by {{ key }} order by _known_at) as change_number,
            lead(_known_at) over (partition by {{ key }} order by _known_at) as next_known_at
        from (
            select
                settled.*,
                lag(state) over (partition by {{ key }} order by _known_at) as previous_state
            from (
                select distinct on ({{ key }}, _known_at)
                    {{ versions }}.*,
                    row({{ attributes | join(', ') }}, is_deleted)::text as state
                from {{ versions }}
                order by {{ key }}, _known_at, _load_id desc, _row_hash
            ) as settled
        ) as changed
        where previous_state is distinct from state
    ) as intervals
{%- endmacro %}
