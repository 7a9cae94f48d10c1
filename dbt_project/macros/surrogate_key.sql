{% macro surrogate_key(source, natural_key) -%}
    {#-
        Deterministic positive bigint: the first 60 bits of the md5 of source and natural key, null
        if a part of the key is null. `source` is a literal such as 'netbox.devices' and never holds
        a colon, so the first colon ends it; parts of a composite key are set apart by the unit
        separator, which no key contains. Expressions must render alike in every session (no
        timestamptz).
    -#}
    {%- set parts = natural_key if natural_key is not string else [natural_key] -%}
    {%- set text -%}
        '{{ source }}:' || {% for part in parts %}{{ part }}{% if not loop.last %} || chr(31) || {% endif %}{% endfor %}
    {%- endset -%}
    ('x' || left(md5({{ text }}), 15))::bit(60)::bigint
{%- endmacro %}
