{% macro rows_to_rebuild(rows, moment, rekeyed_by, key='date_key', more=none) -%}
    {#-
        What a model by days is made of, or by hours if `key` is hour: all `rows`, which have a date_key and that,
        from the start; in an incremental build those of the days or hours of what arrived, and of others those
        that were keyed anew. `rekeyed_by` is the model's setting of that name: host or customer_key, such that
        rows with one value of it depend on no others. `more` is a query of further days or hours. Arrays, because
        the planner takes them for short and uses the index, which a join would not; two queries, since `or` would
        look at every partition.
    -#}
    {#- of an hour the day too, which knows the partition -#}
    {%- set days_of_hours = 'array(select distinct ' ~ date_key('to_rebuild.hour') ~ ' from to_rebuild)' -%}
    {%- set is_of_its_days = 'date_key = any(' ~ days_of_hours ~ ') and ' if key == 'hour' else '' -%}
    {%- if is_incremental() -%}
    with to_rebuild as materialized (
        {{ hours_to_rebuild(rows) if key == 'hour' else days_to_rebuild(rows, moment) }}
        {{ 'union ' ~ more if more else '' }}
    ),

    keyed_anew as materialized (
        {{ rekeyed() }}
    )

    select *
    from {{ rows }}
    where {{ is_of_its_days }}{{ key }} = any(array(select to_rebuild.{{ key }} from to_rebuild))
    union all
    select *
    from {{ rows }}
    where
        {{ is_rekeyed(rekeyed_by, 'keyed_anew') }}
        and {{ key }} <> all(array(select to_rebuild.{{ key }} from to_rebuild))
    {%- else -%}
    select *
    from {{ rows }}
    {%- endif -%}
{%- endmacro %}

{% macro in_days_rebuilt(rebuilt) -%}
    {#-
        The condition, beside rows_to_rebuild, on rows with a date_key of another table: of a day of the CTE `rebuilt`,
        true in a build from the start. An array for the index.
    -#}
    {%- if is_incremental() -%}
        date_key = any(array(select distinct {{ rebuilt }}.date_key from {{ rebuilt }}))
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{% macro measured_hours_to_rebuild(rows, target) -%}
    {#-
        The same of hours as Prometheus gives them: they have no host yet, but the column `target` that was
        scraped, by which `this` tells the hours that were keyed anew. Exactly these, which the index finds by
        hour and target.
    -#}
    {%- if is_incremental() -%}
    with to_rebuild as materialized (
        {{ hours_to_rebuild(rows) }}
    ),

    keyed_anew as materialized (
        {{ rekeyed() }}
    ),

    hours_keyed_anew as materialized (
        select distinct
            hour,
            {{ target }}
        from {{ this }}
        where {{ is_rekeyed('host', 'keyed_anew') }}
    )

    select *
    from {{ rows }}
    where
        {{ is_kept('hour') }}
        and hour = any(array(select to_rebuild.hour from to_rebuild))
    union all
    select *
    from {{ rows }}
    where
        hour = any(array(select distinct hours_keyed_anew.hour from hours_keyed_anew))
        and {{ target }} = any(array(select distinct hours_keyed_anew.{{ target }} from hours_keyed_anew))
        and (hour, {{ target }}) in (
            select
                hours_keyed_anew.hour,
                hours_keyed_anew.{{ target }}
            from hours_keyed_anew
        )
        and hour <> all(array(select to_rebuild.hour from to_rebuild))
    {%- else -%}
    select *
    from {{ rows }}
    where {{ is_kept('hour') }}
    {%- endif -%}
{%- endmacro %}
