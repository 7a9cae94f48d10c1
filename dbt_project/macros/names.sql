{% macro host_name(name) -%}
    {#-
        The name hosts are matched by: lower case, without domain and port. An address, which has dots
        but no domain, loses only its port.
    -#}
    case
        when {{ name }} ~ '^\[?[0-9a-fA-F]*:[0-9a-fA-F:]*:[0-9a-fA-F:.]*\]?(:[0-9]+)?$'
            then lower(regexp_replace({{ name }}, '^\[(.*)\](:[0-9]+)?$', '\1'))
        when {{ name }} ~ '^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+(:[0-9]+)?$' then split_part({{ name }}, ':', 1)
        else nullif(split_part(split_part(lower(trim({{ name }})), ':', 1), '.', 1), '')
    end
{%- endmacro %}

{% macro company_name(name) -%}
    {#- The name companies are matched by: NFKC, lower case, without spaces and punctuation. -#}
    nullif(regexp_replace(lower(normalize({{ name }}, nfkc)), '[\s.,;:&+''"()/_-]+', '', 'g'), '')
{%- endmacro %}

{% macro translated_name(name) -%}
    {#-
        The text of a translated Odoo field: English, else the first language there is; older versions
        hold a plain string.
    -#}
    case
        when jsonb_typeof({{ name }}) = 'object'
            then coalesce({{ name }} ->> 'en_US', jsonb_path_query_first({{ name }}, '$.*') #>> '{}')
        else {{ name }} #>> '{}'
    end
{%- endmacro %}

{% macro address_of(instance) -%}
    {#- A Prometheus instance without its port: what exporters on the same machine have in common. -#}
    regexp_replace(lower({{ instance }}), ':[0-9]+$', '')
{%- endmacro %}

{% macro give_names_of_now() -%}
    {#-
        Post-hook of marts: their names are those of now. With the setting `names_of`, which tells where each
        name column comes from, rows of other days that bear a former one get the new one.
    -#}
    {%- if is_incremental() -%}
        {%- for column, name in config.get('names_of', {}).items() %}
            {%- set dimension, name_column = name.split('.') %}
            {%- set key = dimension[4:] ~ '_key' %}
            update {{ this }} as built
            set {{ column }} = dimension.{{ name_column }}
            from {{ ref(dimension) }} as dimension
            where
                built.{{ key }} = dimension.{{ key }}
                and built.{{ key }} > 0
                and built.{{ column }} is distinct from dimension.{{ name_column }}
            {%- if 'is_current' in graph.nodes['model.opsmart.' ~ dimension].columns %}
                and dimension.is_current
            {%- endif %};
        {%- endfor %}
    {%- endif -%}
{%- endmacro %}
