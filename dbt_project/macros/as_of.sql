{% macro as_of() -%}
    {#- The moment everything is built for, as a timestamptz literal. Parsing the project needs no value. -#}
    {%- if not execute -%}
        null::timestamptz
    {%- else -%}
        '{{ as_of_moment().isoformat(sep=" ") }}'::timestamptz
    {%- endif -%}
{%- endmacro %}

{% macro as_of_moment() -%}
    {#- The same as a value of Python in UTC, for what is decided before SQL runs. -#}
    {%- if not var('as_of', none) -%}
        {%- do exceptions.raise_compiler_error(
            "the variable as_of is not set: pass --vars '{as_of: 2026-01-31T00:00:00Z}', "
            ~ "the moment to build the warehouse for"
        ) -%}
    {%- endif -%}
    {#- a time without an offset is UTC -#}
    {%- set moment = modules.datetime.datetime.fromisoformat(var('as_of') | string) -%}
    {%- if moment.tzinfo is none -%}
        {%- set moment = moment.replace(tzinfo=modules.pytz.utc) -%}
    {%- endif -%}
    {%- do return(moment.astimezone(modules.pytz.utc)) -%}
{%- endmacro %}
