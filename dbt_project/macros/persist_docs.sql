{% macro postgres__persist_docs(relation, model, for_relation, for_columns) -%}
    {#-
        dbt's own in one statement: without asking the database twice for columns that the manifest's tests
        know to be there.
    -#}
    {%- call statement('persist_docs') -%}
        comment on {{ relation.type }} {{ relation }} is {{ postgres_escape_comment(model.description) }};
        {%- for name, column in model.columns.items() %}
        comment on column {{ relation }}.{{ adapter.quote(name) }} is {{ postgres_escape_comment(column.description) }};
        {%- endfor %}
    {%- endcall -%}
{%- endmacro %}
