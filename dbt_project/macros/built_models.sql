{#-
    What is built already is not built again. A model's state is a hash of its code and of the states of all it
    reads; of raw tables the newest load that changed them, of seeds their rows. ops.built_models keeps the
    state that each relation was built in. When nothing differs the relation holds what would be built, since
    no model reads a clock: then it stays as it is. `--full-refresh` builds everything anyway.
-#}

{% macro wanted_state() -%}
    {#-
        hash: the state that `this` is to be built in; is_built: it is in that state; columns: the names of those
        it has, none without it. If it is in another state, that is forgotten in the transaction that builds it.
    -#}
    {%- set inputs = [] -%}
    {%- for id in model.depends_on.nodes | sort -%}
        {%- set parts = id.split('.') -%}
        {%- do inputs.append(
            source_state(parts[2], parts[3]) if parts[0] == 'source'
            else "(select state from ops.built_models where model = '" ~ parts[2] ~ "')"
        ) -%}
    {%- endfor -%}
    {%- set wanted -%}
        with wanted as (
            select md5(row('{{ _code_hash() }}', {{ ([_moment_that_counts()] + inputs) | join(', ') }})::text) as state
        ),

        forgotten as (
            delete from ops.built_models
            using wanted
            where built_models.model = '{{ this.identifier }}' and built_models.state <> wanted.state
        )

        select
            wanted.state,
            built_models.state is not null as is_built,
            (
                select string_agg(attname, ' ')
                from pg_attribute
                where attrelid = to_regclass('{{ this }}') and attnum > 0 and not attisdropped
            ) as columns
        from wanted
        left join ops.built_models
            on built_models.model = '{{ this.identifier }}' and wanted.state = built_models.state
    {%- endset -%}
    {%- set found = run_query(wanted).rows[0] -%}
    {%- set columns = (found[2] or '').split() -%}
    {%- set is_built = found[1] and columns | length > 0 and not flags.FULL_REFRESH -%}
    {%- do return({'hash': found[0], 'is_built': is_built, 'columns': columns}) -%}
{%- endmacro %}

{% macro _code_hash() -%}
    {#-
        Of an incremental model the SQL differs between its first build and the later ones: there it is the
        text as written, and how much is kept.
    -#}
    {%- set code = sql -%}
    {%- if model.config.materialized == 'incremental' -%}
        {%- set code = [model.raw_code, kept_from('keep_detail_months'), kept_from('keep_days_months')] -%}
    {%- elif _shows_all_of_raw() -%}
        {%- set code = sql | replace(as_of(), '') -%}
    {%- endif -%}
    {{ local_md5(tojson([code, model.config, model.columns, model.description], sort_keys=True)) }}
{%- endmacro %}

{% macro _shows_all_of_raw() -%}
    {#- A view of raw tables alone, which as_of limits only if it lies before a load. -#}
    {%- set found = namespace(others=model.refs | length) -%}
    {%- for source in model.sources if not source[0].startswith('raw_') -%}
        {%- set found.others = found.others + 1 -%}
    {%- endfor -%}
    {%- do return(model.config.materialized == 'view' and not found.others) -%}
{%- endmacro %}

{% macro _moment_that_counts() -%}
    {%- if _shows_all_of_raw() -%}
        (select {{ as_of() }} where exists (select from ops.loads where as_of > {{ as_of() }}))
    {%- elif model.config.materialized == 'incremental' and 'as_of()' in model.raw_code -%}
        {{ as_of() }}
    {%- else -%}
        null
    {%- endif -%}
{%- endmacro %}

{% macro source_state(source, table) -%}
    {%- if source.startswith('raw_') -%}
        (
            select max(load_id)
            from ops.loads
            where
                source = '{{ source[4:] }}'
                and resource = '{{ table }}'
                and finished_at is not null
                and new + changed + deleted > 0
        )
    {%- elif table == 'anomaly_scores' -%}
        (select row(as_of, hour) from predictions.anomaly_scores order by as_of desc, hour desc limit 1)
    {%- elif table == 'forecasts' -%}
        (select max(first_day) from predictions.forecasts)
    {%- elif table == 'scores' -%}
        (select max(as_of) from predictions.scores)
    {%- elif table == 'model_versions' -%}
        (select row(count(*), max(champion_from), max(champion_to)) from predictions.model_versions)
    {%- elif table == 'trend_analyses' -%}
        (select max(until) from predictions.trend_analyses)
    {%- elif table == 'feedback' -%}
        (select count(*) from predictions.feedback)
    {%- elif table == 'rejected_rows' -%}
        (select row(count(*), max(opened_as_of), max(closed_as_of)) from quarantine.rejected_rows)
    {%- elif table == 'loads' -%}
        (select row(count(*), count(finished_at), max(load_id)) from ops.loads)
    {%- else -%}
        (select count(*) from {{ source }}.{{ table }})
    {%- endif -%}
{%- endmacro %}

{% macro note_state(state) -%}
    {%- call statement('note_state', auto_begin=True) -%}
        insert into ops.built_models (model, state)
        values ('{{ this.identifier }}', '{{ state.hash }}')
        on conflict (model) do update
        set state = excluded.state
    {%- endcall -%}
{%- endmacro %}

{% macro leave_as_it_is() -%}
    {%- do store_raw_result('main', message='UNCHANGED', code='UNCHANGED', rows_affected=0) -%}
    {%- do return({'relations': [this]}) -%}
{%- endmacro %}
