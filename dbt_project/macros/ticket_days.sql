{% macro ticket_days() -%}
    {#-
        The local days (date_key) on which a row of fct_tickets counts: of its coming, its closings, its ratings and
        its promises.
    -#}
    unnest(array(
        select distinct to_char(concerned.date_day, 'YYYYMMDD')::integer
        from (
            select
                unnest(array[
                    built.created_on, built.first_closed_on, built.last_closed_on,
                    built.rating_requested_on, built.rated_on
                ]) as date_day
            union all
            select slas.judged_on as date_day
            from {{ ref('fct_ticket_sla') }} as slas
            where slas.ticket_id = built.ticket_id
        ) as concerned
    ))
{%- endmacro %}
