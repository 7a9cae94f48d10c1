{% macro postgres__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
    {#-
        dbt's own delete+insert, except that the keys to delete are handed over as an array. Joined to a
        fresh table, of which the planner knows nothing, the delete would read the whole target; an
        array it looks up in the index. `unique_key` is one column.
    -#}
    {%- set columns = get_quoted_csv(dest_columns | map(attribute='name')) -%}
    {%- if unique_key is not string or incremental_predicates -%}
        {%- do exceptions.raise_compiler_error(
            'delete+insert takes one unique_key and no incremental_predicates in this project'
        ) -%}
    {%- endif %}
    {% if config.get('partitioned') -%}
        {{ add_months(target, source) }}
    {%- endif %}

    delete from {{ target }}
    where {{ unique_key }} = any(array(select distinct {{ unique_key }} from {{ source }}));

    insert into {{ target }} ({{ columns }})
    select {{ columns }}
    from {{ source }}
{%- endmacro %}
