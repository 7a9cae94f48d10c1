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
