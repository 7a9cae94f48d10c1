{% macro postgres__create_indexes(relation) -%}
    {#-
        What dbt does to a table it has just filled, and its statistics: without them the models that read
        it next are planned blindly, until autovacuum comes by. As autovacuum does, a partitioned table is
        looked at by its partitions alone. From figures of the whole the planner, which cannot know how few
        days an increment asks for, would rather read all days in the order of another index.
    -#}
    {%- do default__create_indexes(relation) -%}
    {%- set filled = [relation] -%}
    {%- if config.get('partitioned') -%}
        {%- set leaves = "select relid from pg_partition_tree('" ~ relation ~ "') where isleaf" -%}
        {%- set filled = run_query(leaves).columns[0].values() -%}
    {%- endif -%}
    {%- if filled -%}
        {%- call statement('analyze') -%} analyze {{ filled | join(', ') }} {%- endcall -%}
    {%- endif -%}
{%- endmacro %}
