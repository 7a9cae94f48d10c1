{% macro range_minutes(multirange) -%}
    {#- The length of a tstzmultirange in minutes (numeric); 0 if it is null or empty. -#}
    (
        select coalesce(sum(extract(epoch from upper(part.span) - lower(part.span))) / 60, 0)
        from unnest({{ multirange }}) as part (span)
    )
{%- endmacro %}
