{#-
    As dbt's own, but in one transaction with the note of the state that was built (built_models.sql), and with a
    third of its statements, which an increment of minutes would mostly wait for: nothing is moved out of the way
    before it is dropped, since readers see neither before the commit; what an increment appends is not written
    into a table of its own first; and the columns of what is there are asked for once.
-#}

{% materialization table, adapter='postgres' %}
    {{ return(build_unless_built(build_from_the_start, 'table')) }}
{% endmaterialization %}

{% materialization incremental, adapter='postgres' %}
    {{ return(build_unless_built(build_incrementally, 'table')) }}
{% endmaterialization %}

{% materialization view, adapter='postgres' %}
    {{ return(build_unless_built(build_view, 'view')) }}
{% endmaterialization %}

{% materialization seed, adapter='postgres' %}
    {{ return(build_seed()) }}
{% endmaterialization %}

{% macro build_unless_built(build, type) -%}
    {#-
        Call `build`, unless `this` is in the state that is wanted; days asked for are built anyway. `type` is that of
        the relation.
    -#}
    {%- set state = wanted_state() -%}
    {%- set asks_for_days = model.config.materialized == 'incremental' and var('rebuild_from', none) is not none -%}
    {%- if state.is_built and not asks_for_days -%}
        {%- do return(leave_as_it_is()) -%}
    {%- endif -%}
    {%- do run_hooks(pre_hooks) -%}
    {%- do build(state) -%}
    {%- do run_hooks(post_hooks) -%}
    {%- set built = this.incorporate(type=type) -%}
    {%- do persist_docs(built, model) -%}
    {%- do note_state(state) -%}
    {%- do adapter.commit() -%}
    {%- do return({'relations': [built]}) -%}
{%- endmacro %}

{% macro build_seed() -%}
    {%- set built = dbt.materialization_seed_default() -%}
    {%- do note_state({'hash': model.checksum.checksum}) -%}
    {%- do adapter.commit() -%}
    {%- do return(built) -%}
{%- endmacro %}

{% macro build_view(state) -%}
    {%- do drop_former() -%}
    {%- call statement('main') -%}
        {{ get_create_view_as_sql(this, sql) }}
    {%- endcall -%}
{%- endmacro %}

{% macro build_incrementally(state) -%}
    {%- if not is_incremental() -%}
        {%- do return(build_from_the_start(state)) -%}
    {%- endif -%}
    {%- do expect_columns(state.columns) -%}
    {%- if config.get('incremental_strategy') == 'append' -%}
        {%- do append_what_changed() -%}
    {%- else -%}
        {%- do replace_what_changed() -%}
    {%- endif -%}
{%- endmacro %}

{% macro build_from_the_start(state) -%}
    {%- set made = make_intermediate_relation(this.incorporate(type='table')) -%}
    {%- call statement('main') -%}
        {{ get_create_table_as_sql(False, made, sql) }}
    {%- endcall -%}
    {%- do create_indexes(made) -%}
    {%- do drop_former() -%}
    {%- call statement('rename') -%}
        alter table {{ made }} rename to {{ adapter.quote(this.identifier) }}
    {%- endcall -%}
{%- endmacro %}

{% macro append_what_changed() -%}
    {%- set columns = model.columns.values() | list -%}
    {%- if config.get('contract').enforced -%}
        {%- do get_assert_columns_equivalent(sql) -%}
    {%- endif -%}
    {%- call statement('main') -%}
        {{ get_insert_into_sql(this, '(\n' ~ sql ~ '\n) as changed', columns) }}
    {%- endcall -%}
{%- endmacro %}

{% macro replace_what_changed() -%}
    {%- set columns = model.columns.values() | list -%}
    {%- set changed = make_temp_relation(this.incorporate(type='table')) -%}
    {%- do run_query(get_create_table_as_sql(True, changed, sql)) -%}
    {%- call statement('main') -%}
        {{ get_delete_insert_merge_sql(this, changed, config.get('unique_key'), columns, none) }}
    {%- endcall -%}
{%- endmacro %}

{% macro expect_columns(columns) -%}
    {#- `columns` that are there must be those that are described, or the rows before and after would differ. -#}
    {%- set differing = model.columns | reject('in', columns) | list + columns | reject('in', model.columns) | list -%}
    {%- if differing -%}
        {%- do exceptions.raise_compiler_error(
            this ~ ' was built with other columns than its model describes (' ~ differing | join(', ')
            ~ '): build it with --full-refresh'
        ) -%}
    {%- endif -%}
{%- endmacro %}

{% macro drop_former() -%}
    {%- set former = load_cached_relation(this) -%}
    {%- if former is not none -%}
        {%- do adapter.drop_relation(former) -%}
    {%- endif -%}
{%- endmacro %}
