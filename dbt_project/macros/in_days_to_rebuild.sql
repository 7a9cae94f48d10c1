{% macro in_days_to_rebuild(arrivals, moment) -%}
    {#-
        The condition, in an incremental build, on rows with a date_key: of a day that is built again. An
        array, because the planner takes it for short and uses the index, which a join would not.
    -#}
    date_key = any(array(
        select to_rebuild.date_key
        from ({{ days_to_rebuild(arrivals, moment) }}) as to_rebuild
    ))
{%- endmacro %}

{% macro in_hours_to_rebuild(arrivals, moment) -%}
    {#- The same of rows that have only the time, a full UTC hour, which their index knows. -#}
    {{ moment }} = any(array(
        select
            generate_series(
                {{ day_start('to_rebuild.date_key') }},
                {{ day_start('to_rebuild.date_key') }} + interval '23 hours',
                interval '1 hour'
            )
        from ({{ days_to_rebuild(arrivals, moment) }}) as to_rebuild
    ))
{%- endmacro %}
