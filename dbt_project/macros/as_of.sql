{% macro as_of() -%}
    {#-
        The moment everything is built for, as a timestamptz literal. A time without an offset is
        UTC. Parsing the project needs no value; running it does.
    -#}
    {%- if not execute -%}
        null::timestamptz
    {%- else -%}
        {%- if not var('as_of', none) -%}
            {%- do exceptions.raise_compiler_error(
                "the variable as_of is not set: pass --vars '{as_of: 2026-01-31T00:00:00Z}', "
                ~ "the moment to build the warehouse for"
            ) -%}
        {%- endif -%}
        {%- set moment = modules.datetime.datetime.fromisoformat(var('as_of') | string) -%}
        {%- if moment.tzinfo is none -%}
            {%- set moment = moment.replace(tzinfo=modules.pytz.utc) -%}
        {%- endif -%}
        '{{ moment.astimezone(modules.pytz.utc).isoformat(sep=" ") }}'::timestamptz
    {%- endif -%}
{%- endmacro %}
