{% macro postgres__create_indexes(relation) -%}
    {#-
        What dbt does to a table it has just filled, and its statistics: without them the models that read
        it next are planned blindly, until autovacuum comes by. Of a partitioned table autovacuum makes none.
    -#}
    {%- do default__create_indexes(relation) -%}
    {%- do run_query('analyze ' ~ relation) -%}
{%- endmacro %}
