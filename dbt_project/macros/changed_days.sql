{#-
    Models that are built day by day from tables of other models: only of days that changed there.

    Whoever writes such a table notes a hash of every day it wrote in ops.built_days; a day whose hash differs
    from the one before gets a new version. A model with the setting `days_of`, the names of what it reads by
    day, remembers in ops.read_days up to which version it read, and takes the days of later ones. Both
    happen in the transaction that writes the rows, so a broken build is made up for by the next.

    A model that reads the days beside its own says by `days_reach` how many on either side, or by
    [least, most] which of the days counted from the changed one are built again.
    A model that goes ticket by ticket notes how the hashes of days changed by the tickets it wrote, and no other.
    By `told_by`, columns, a model says what alone is read of it by day.
    A model made of single hours or alerts loses days whose detail is no longer kept, if `is_made_of_detail`.
    A model whose rows concern other days than their date_key says by `dated_by` which (expressions). One
    without any is taken as a whole, as the day 0: when it changes, all days of its readers are built again.
-#}

{% macro in_changed_days(column='date_key', days_before=0) -%}
    {#-
        The condition, in a model with `days_of`, on rows of what it reads: of a day that is built again; true in
        a build from the start. Such a model adds the rows of these days after forget_changed_days, its
        pre-hook, took the old ones in the same transaction. An array, because the planner takes it for short
        and uses the index, which a join would not. `days_before`: rows of so many days before such a day instead.
    -#}
    {%- if is_incremental() and days_before -%}
        {{ column }} = any(array(
            select to_char(to_date(to_build.date_key::text, 'YYYYMMDD') - {{ days_before }}, 'YYYYMMDD')::integer
            from {{ days_written() }} as to_build
        ))
    {%- elif is_incremental() -%}
        {{ column }} = any(array(select to_build.date_key from {{ days_written() }} as to_build))
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{% macro between_changed_days(column='date_key') -%}
    {#-
        The condition on rows of a table with a partition for each month, beside in_changed_days: from the first of
        these days to the last. The planner passes over the partitions outside; of an array it cannot tell.
    -#}
    {%- if is_incremental() -%}
        {{ column }} >= (select min(to_build.date_key) from {{ days_written() }} as to_build)
        and {{ column }} <= (select max(to_build.date_key) from {{ days_written() }} as to_build)
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{% macro in_changed_dates(column) -%}
    {#- The same condition on a date. -#}
    {%- if is_incremental() -%}
        {{ column }} = any(array(select to_date(to_build.date_key::text, 'YYYYMMDD') from {{ days_written() }} as to_build))
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{% macro in_changed_hours(column) -%}
    {#- The same condition on the beginning of an hour (timestamptz). -#}
    {%- if is_incremental() -%}
        {{ column }} = any(array(
            select
                generate_series(
                    {{ day_start('to_build.date_key') }},
                    {{ day_start('to_build.date_key') }} + interval '23 hours',
                    interval '1 hour'
                )
            from {{ days_written() }} as to_build
        ))
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{% macro in_changed_midnights(column) -%}
    {#- The same condition on the midnight (timestamptz) a day begins with. -#}
    {%- if is_incremental() -%}
        {{ column }} = any(array(select {{ day_start('to_build.date_key') }} from {{ days_written() }} as to_build))
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{% macro days_noted_since(read) -%}
    {#-
        In an incremental build of a model with `is_read_by_day` but without `days_of`: the days (date_key) of the
        model `read` that changed after the same day of `this` last did, which may yet hold what they should.
    -#}
    select noted.date_key
    from ops.built_days as noted
    left join ops.built_days as own on own.model = '{{ this.identifier }}' and noted.date_key = own.date_key
    where noted.model = '{{ read }}' and noted.version > coalesce(own.version, 0)
{%- endmacro %}

{% macro days_written() -%}
    {#- The temporary table of the days (date_key) which the running build of an incremental model writes. -#}
    {{ this.identifier }}__days
{%- endmacro %}

{% macro hashes_before() -%}
    {#- The temporary table of what the rows that the running build writes anew held before, by day. -#}
    {{ this.identifier }}__before
{%- endmacro %}

{% macro keep_days_written(target, source, keyed_anew) -%}
    {#- Before delete+insert: the days of `source`, which it writes, and those of what was keyed anew. -#}
    {%- if config.get('is_read_by_day') -%}
        {%- set days = ['select date_key from ' ~ source] -%}
        {%- set rekeyed_by = config.get('rekeyed_by') -%}
        {%- if rekeyed_by -%}
            {%- do days.append('select date_key from ' ~ target ~ ' where ' ~ is_rekeyed(rekeyed_by, keyed_anew)) -%}
        {%- endif -%}
        create temporary table {{ days_written() }} on commit drop as (
            select distinct date_key
            from ({{ days | join(' union all ') }}) as days_of_rows
        );
    {%- endif -%}
{%- endmacro %}

{% macro forget_changed_days(more_days=none) -%}
    {#-
        `more_days` is a query of others that are built again; it may ask `changed`, the days that did.
    -#}
    {%- if is_incremental() -%}
        {%- set reach = config.get('days_reach', 0) -%}
        {%- set least, most = (-reach, reach) if reach is integer else reach -%}
        create temporary table {{ days_written() }} on commit drop as (
            with changed as (
                select date_key
                from ops.built_days
                where
                    model in ('{{ config.get('days_of') | join("', '") }}')
                    and version > (select version from ops.read_days where model = '{{ this.identifier }}')
            )

            select to_char(to_date(date_key::text, 'YYYYMMDD') + shift.days, 'YYYYMMDD')::integer as date_key
            from changed
            cross join generate_series({{ least }}, {{ most }}) as shift (days)
            where date_key > 0
            union
            select date_key
            from ops.built_days
            where
                model in ('{{ config.get('days_of') | join("', '") }}')
                and date_key > 0
                and exists (select from changed where date_key = 0)
        {%- if more_days %}
            union
            {{ more_days }}
        {%- endif %}
            union
            {{ days_asked_for() }}
        );

        delete from {{ this }}
        where
            date_key in (select to_build.date_key from {{ days_written() }} as to_build)
        {%- if config.get('is_made_of_detail') %}
            or not ({{ has_detail('date_key') }})
        {%- endif %}
    {%- endif -%}
{%- endmacro %}

{% macro note_days() -%}
    {#- Post-hook of every table: what its days hold now, if `is_read_by_day`, and which days it read. -#}
    {%- if execute and config.get('materialized') in ('table', 'incremental') -%}
        {%- set inputs = config.get('days_of') -%}
        {%- if config.get('is_read_by_day') -%}
            {{ _note_days_built() }}
        {%- endif -%}
        {%- if inputs %}
        insert into ops.read_days (model, code, version)
        select
            '{{ this.identifier }}' as model,
            '{{ code_by_days() }}' as code,
            coalesce(max(version), 0) as version
        from ops.built_days
        where model in ('{{ inputs | join("', '") }}')
        on conflict (model) do update
        set
            code = excluded.code,
            version = excluded.version
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro code_by_days() -%}
    {#- The hash of a model's SQL and of its columns; built of other code it is made anew from the start. -#}
    {%- set columns = [] -%}
    {%- for column in model.columns.values() -%}
        {%- do columns.append(column.name ~ ' ' ~ column.data_type) -%}
    {%- endfor -%}
    {{ local_md5(model.raw_code ~ columns | join(', ')) }}
{%- endmacro %}

{% macro _note_days_built() -%}
    {%- if _is_there(hashes_before()) -%}
        {{ _note_days_that_differ() }}
    {%- else -%}
        {{ _note_days_written() }}
    {%- endif -%}
{%- endmacro %}

{% macro _note_days_written() -%}
    {%- set is_written -%}
        {%- if _is_there(days_written()) -%}
            date_key = any(array(select written.date_key from {{ days_written() }} as written))
        {%- else -%} date_key is not null
        {%- endif -%}
    {%- endset -%}
    insert into ops.built_days (model, date_key, rows_hash, version)
    select
        '{{ this.identifier }}' as model,
        coalesce(present.date_key, known.date_key) as date_key,
        present.rows_hash,
        nextval('ops.day_version') as version
    from ({{ hashes_of_days('concerned.' ~ is_written) }}) as present
    full join (
        select
            date_key,
            rows_hash
        from ops.built_days
        where model = '{{ this.identifier }}' and {{ is_written }}
    ) as known on present.date_key = known.date_key
    where present.rows_hash is distinct from known.rows_hash
    on conflict (model, date_key) do update
    set
        rows_hash = excluded.rows_hash,
        version = excluded.version;
{%- endmacro %}

{% macro _note_days_that_differ() -%}
    {#- Of a model that goes ticket by ticket: hashes are sums, so that what it wrote anew tells how they changed. -#}
    insert into ops.built_days (model, date_key, rows_hash, version)
    select
        '{{ this.identifier }}' as model,
        differing.date_key,
        coalesce(known.rows_hash, 0) + differing.rows_hash as rows_hash,
        nextval('ops.day_version') as version
    from (
        select
            coalesce(after.date_key, before.date_key) as date_key,
            coalesce(after.rows_hash, 0) - coalesce(before.rows_hash, 0) as rows_hash
        from {{ hashes_before() }} as before
        full join ({{ hashes_of_days(in_tickets_to_rebuild()) }}) as after on before.date_key = after.date_key
    ) as differing
    left join ops.built_days as known
        on differing.date_key = known.date_key and known.model = '{{ this.identifier }}'
    where differing.rows_hash <> 0
    on conflict (model, date_key) do update
    set
        rows_hash = excluded.rows_hash,
        version = excluded.version;
{%- endmacro %}

{% macro hashes_of_days(is_meant) -%}
    {#- date_key and rows_hash of the days which rows of `this` concern, the rows and days that are meant. -#}
    {%- set dated_by = config.get('dated_by', ['built.date_key'] if 'date_key' in model.columns else ['0']) -%}
    {%- set concerned = [] -%}
    {%- for day in dated_by -%}
        {%- do concerned.append('select ' ~ render(day) ~ ' as date_key') -%}
    {%- endfor -%}
    {%- set told_by = 'row(' ~ config.get('told_by') | join(', ') ~ ')' if config.get('told_by') else 'built' -%}
    select
        concerned.date_key,
        sum(hash_record_extended({{ told_by }}, 0)) as rows_hash
    from {{ this }} as built
    cross join lateral ({{ concerned | join(' union ') }}) as concerned
    where concerned.date_key is not null and {{ is_meant }}
    group by concerned.date_key
{%- endmacro %}

{% macro _is_there(temporary) -%}
    {%- do return(run_query("select to_regclass('pg_temp." ~ temporary ~ "')").columns[0].values()[0]) -%}
{%- endmacro %}
