{% macro newest_version(relation, key) -%}
    {#- The newest version of every key among the rows of `relation`, deleted or not. -#}
    select distinct on ({{ key }}) *
    from {{ relation }}
    order by {{ key }}, _known_at desc, _load_id desc, _row_hash
{%- endmacro %}
