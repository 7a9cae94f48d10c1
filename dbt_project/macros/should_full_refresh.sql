{% macro should_full_refresh() %}
    {#-
        dbt's own decision, and three more reasons to start over: an incremental table that knows more
        than var('as_of') would show the future; without int_ticket__built nothing tells which tickets
        a table holds; and one built from days as they changed is made anew when its code has changed.

        Each is_incremental() asks this: the answer is noted on `model`, which every rendering has a copy of.
    -#}
    {%- if 'starts_over' in model -%}
        {%- do return(model.starts_over) -%}
    {%- endif -%}
    {%- set configured = config.get('full_refresh') -%}
    {%- set wanted = flags.FULL_REFRESH if configured is none else configured -%}
    {%- set starts_over = wanted -%}
    {%- if execute and not wanted -%}
        {%- set starts_over = _holds_the_future() or _holds_unknown_tickets() or _is_of_other_code() -%}
    {%- endif -%}
    {%- do model.update({'starts_over': starts_over}) -%}
    {%- do return(starts_over) -%}
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

{% macro _holds_unknown_tickets() %}
    {%- if not model.refs | selectattr('name', 'equalto', 'int_ticket__to_rebuild') | list -%}
        {%- do return(false) -%}
    {%- endif -%}
    {%- set schema = ref('int_ticket__to_rebuild').schema -%}
    {%- do return(adapter.get_relation(this.database, schema, 'int_ticket__built') is none) -%}
{% endmacro %}

{% macro _is_of_other_code() %}
    {%- if not config.get('days_of') -%}
        {%- do return(false) -%}
    {%- endif -%}
    {%- set same -%}
        select 1 from ops.read_days
        where model = '{{ this.identifier }}' and code = '{{ code_by_days() }}'
    {%- endset -%}
    {%- do return(run_query(same) | length == 0) -%}
{% endmacro %}
