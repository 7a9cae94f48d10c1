{% macro newest_incident_predictions() -%}
    {#-
        Query: of each device what incident_predictions said last. What was said of a week that has begun more than two
        days ago says little of the next, and is not told.
    -#}
    select distinct on (device_key) *
    from {{ ref('incident_predictions') }}
    where is_publishable and as_of >= {{ as_of() }} - interval '2 days'
    order by device_key asc, as_of desc, scored_at desc
{%- endmacro %}
