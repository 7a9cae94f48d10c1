{% macro should_full_refresh() %}
    {#-
        dbt's own decision, and one more reason to start over: an incremental table that knows more
        than var('as_of') would show the future. dbt asks this in every incremental model.
    -#}
    {%- set configured = config.get('full_refresh') -%}
    {%- set wanted = flags.FULL_REFRESH if configured is none else configured -%}
    {%- do return(wanted or (execute and _holds_the_future())) -%}
{% endmacro %}

{% macro _holds_the_future() %}
    {%- if model.config.materialized != 'incremental' or '_known_at' not in model.columns -%}
        {%- do return(false) -%}
    {%- endif -%}
    {%- set built = load_relation(this) -%}
    {%- if built is none -%}
        {%- do return(false) -%}
    {%- endif -%}
    {%- set later = run_query('select 1 from ' ~ built ~ ' where _known_at > ' ~ as_of() ~ ' limit 1') -%}
    {%- do return(later | length > 0) -%}
{% endmacro %}
