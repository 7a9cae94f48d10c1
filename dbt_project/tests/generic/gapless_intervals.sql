{% test gapless_intervals(model, key) %}
    {#-
        The validity intervals of every key begin in 1900, end in 9999 and meet without gap or
        overlap, so that exactly one of them holds at any moment and exactly one is current.
    -#}
    with intervals as (
        select
            {{ key }},
            valid_from,
            valid_to,
            is_current,
            lead(valid_from) over (partition by {{ key }} order by valid_from) as next_valid_from,
            row_number() over (partition by {{ key }} order by valid_from) as position
        from {{ model }}
    )

    select *
    from intervals
    where
        valid_to <= valid_from
        or (position = 1 and valid_from <> '1900-01-01 00:00:00+00'::timestamptz)
        or valid_to <> coalesce(next_valid_from, '9999-12-31 00:00:00+00'::timestamptz)
        or is_current <> (next_valid_from is null)
{% endtest %}
