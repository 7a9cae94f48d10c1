{% macro days_asked_for() -%}
    {#-
        The days (date_key) from var('rebuild_from') to var('rebuild_to'), both included and each an ISO
        date, which an operator wants built again; none without them.
    -#}
    {%- set first, last = var('rebuild_from', none), var('rebuild_to', none) -%}
    {%- if not execute or (first is none and last is none) -%}
        select null::integer as date_key
        where false
    {%- elif first is none or last is none -%}
        {%- do exceptions.raise_compiler_error(
            'rebuild_from and rebuild_to go together: give the first and the last day as 2026-01-31'
        ) -%}
    {%- else -%}
        {%- set day = modules.datetime.date.fromisoformat -%}
        select to_char(day, 'YYYYMMDD')::integer as date_key
        from
            generate_series(
                '{{ day(first | string) }}'::timestamp, '{{ day(last | string) }}'::timestamp, interval '1 day'
            ) as days (day)
    {%- endif -%}
{%- endmacro %}
