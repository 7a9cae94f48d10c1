{% macro newest_version_by_probe(versions, key) -%}
    {#-
        The same as newest_version for large tables few keys of which have two versions, by a list of
        key columns. It sorts nothing: each row looks for a newer one by the index on the key, and a
        condition on any column, such as arrived_since_build, reaches the table. `versions` must not
        be materialised.
    -#}
    {%- set same_key = [] -%}
    {%- for column in key -%}
        {%- do same_key.append('newer.' ~ column ~ ' = ' ~ versions ~ '.' ~ column) -%}
    {%- endfor -%}
    select {{ versions }}.*
    from {{ versions }}
    where not exists (
        select 1
        from {{ versions }} as newer
        where {{ same_key | join(' and ') }} and newer._known_at > {{ versions }}._known_at
    )
{%- endmacro %}
