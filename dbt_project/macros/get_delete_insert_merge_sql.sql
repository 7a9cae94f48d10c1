{% macro postgres__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
    {#-
        dbt's own delete+insert, except that the keys to delete are handed over as an array. Joined to a
        fresh table, of which the planner knows nothing, the delete would read the whole target; an
        array it looks up in the index. `unique_key` is the day, or the day and the hour of it. With
        `rekeyed_by`, a column, the source holds days or hours as a whole, and of others what was keyed anew:
        that goes by this column, and a day or hour only if the source has more of it.
    -#}
    {%- set rekeyed_by = config.get('rekeyed_by') -%}
    {%- set keyed_anew = adapter.quote(target.identifier ~ '__rekeyed') -%}
    {%- set columns = get_quoted_csv(dest_columns | map(attribute='name')) -%}
    {%- set unique_keys = [unique_key] if unique_key is string else unique_key -%}
    {%- if unique_keys[1:] not in ([], ['hour']) or incremental_predicates -%}
        {%- do exceptions.raise_compiler_error(
            'delete+insert takes a day, or a day and its hour, and no incremental_predicates in this project'
        ) -%}
    {%- endif %}
    {% if config.get('partitioned') -%}
        {{ add_months(target, source) }}
    {%- endif %}

    {% if rekeyed_by -%}
        create temporary table {{ keyed_anew }} on commit drop as (
            {{ rekeyed() }}
        );
    {%- endif %}

    {{ keep_days_written(target, source, keyed_anew) }}

    {% if rekeyed_by -%}
        delete from {{ target }}
        where {{ is_rekeyed(rekeyed_by, keyed_anew) }};
    {%- endif %}

    delete from {{ target }}
    where
    {%- for key in unique_keys %}
        {% if not loop.first %}and {% endif %}{{ key }} = any(array(
            select distinct {{ key }}
            from {{ source }}
        {%- if rekeyed_by %}
            where
                {{ rekeyed_by }} <> all(array(select keyed_anew.{{ rekeyed_by }} from {{ keyed_anew }} as keyed_anew))
                or not ({{ has_detail('date_key') }})
        {%- endif %}
        ))
    {%- endfor %};

    insert into {{ target }} ({{ columns }})
    select {{ columns }}
    from {{ source }}
{%- endmacro %}
