{#-
    As dbt's own, but in one transaction with the note of the state that was built (built_models.sql), and with a
    third of its statements, which an increment of minutes would mostly wait for: nothing is moved out of the way
    before it is dropped, since readers see neither before the commit; what an increment appends is not written
    into a table of its own first; and the columns of what is there are asked for once.
-#}

{% materialization table, adapter='postgres' %}
    {%- set state = wanted_state() -%}
    {%- if state.is_built -%}
        {{ return(leave_as_it_is()) }}
    {%- endif -%}
    {{ run_hooks(pre_hooks) }}
    {%- do build_from_the_start() -%}
    {{ return(finish(state, 'table')) }}
{% endmaterialization %}

{% materialization incremental, adapter='postgres' %}
    {%- set state = wanted_state() -%}
    {%- if state.is_built and var('rebuild_from', none) is none -%}
        {{ return(leave_as_it_is()) }}
    {%- endif -%}
    {{ run_hooks(pre_hooks) }}
    {%- if is_incremental() -%}
        {%- do expect_columns(state.columns) -%}
        {%- do add_what_changed() -%}
    {%- else -%}
        {%- do build_from_the_start() -%}
    {%- endif -%}
    {{ return(finish(state, 'table')) }}
{% endmaterialization %}

{% materialization view, adapter='postgres' %}
    {%- set state = wanted_state() -%}
    {%- if state.is_built -%}
        {{ return(leave_as_it_is()) }}
    {%- endif -%}
    {{ run_hooks(pre_hooks) }}
    {%- do drop_former() -%}
    {%- call statement('main') -%}
        {{ get_create_view_as_sql(this, sql) }}
    {%- endcall -%}
    {{ return(finish(state, 'view')) }}
{% endmaterialization %}

{% materialization seed, adapter='postgres' %}
    {%- set built = dbt.materialization_seed_default() -%}
    {%- do note_state({'hash': model.checksum.checksum}) -%}
    {%- do adapter.commit() -%}
    {{ return(built) }}
{% endmaterialization %}

{% macro build_from_the_start() -%}
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

{% macro add_what_changed() -%}
    {%- set strategy = config.get('incremental_strategy') -%}
    {%- set columns = model.columns.values() | list -%}
    {%- if strategy == 'append' -%}
        {%- set names = get_quoted_csv(columns | map(attribute='name')) -%}
        {%- call statement('main') -%}
            {%- if config.get('contract').enforced -%}
                {{ get_assert_columns_equivalent(sql) }}
            {%- endif %}
            insert into {{ this }} ({{ names }})
            select {{ names }}
            from (
                {{ sql }}
            ) as changed
        {%- endcall -%}
    {%- else -%}
        {%- set changed = make_temp_relation(this.incorporate(type='table')) -%}
        {%- do run_query(get_create_table_as_sql(True, changed, sql)) -%}
        {%- call statement('main') -%}
            {{ get_delete_insert_merge_sql(this, changed, config.get('unique_key'), columns, none) }}
        {%- endcall -%}
    {%- endif -%}
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

{% macro finish(state, type) -%}
    {%- set built = this.incorporate(type=type) -%}
    {{ run_hooks(post_hooks) }}
    {%- do persist_docs(built, model) -%}
    {%- do note_state(state) -%}
    {%- do adapter.commit() -%}
    {%- do return({'relations': [built]}) -%}
{%- endmacro %}
