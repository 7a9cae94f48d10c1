{% macro hash_personal(column) -%}
    {#-
        A pseudonym for a login, an e-mail address or a person's name: equal persons stay equal across
        sources, nobody is named. Null and blank stay null.
    -#}
    encode(sha256(convert_to(lower(nullif(trim({{ column }}), '')), 'UTF8')), 'hex')
{%- endmacro %}
