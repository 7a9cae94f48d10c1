{% macro kept_from(setting) -%}
    {#-
        The first day (date_key) that stays: that of the month which lies as many months before the month
        of as_of as the variable `setting` says, keep_detail_months or keep_days_months.
    -#}
    {%- if not execute -%}
        0
    {%- else -%}
        {%- set moment = as_of_moment() -%}
        {%- set month = moment.year * 12 + moment.month - 1 - var(setting) | int -%}
        {{ (month // 12) * 10000 + (month % 12 + 1) * 100 + 1 }}
    {%- endif -%}
{%- endmacro %}

{% macro is_kept(moment) -%}
    {#-
        The condition on rows of a partitioned model by their time. A build from the start takes all days
        that stay, since days and marts are made from these rows before drop_expired takes the oldest; an
        incremental one leaves alone what it took.
    -#}
    {%- set setting = 'keep_detail_months' if is_incremental() else 'keep_days_months' -%}
    {{ moment }} >= {{ day_start(kept_from(setting)) }}
{%- endmacro %}

{% macro has_detail(date_key) -%}
    {#- The condition on a day: hours and alerts of it are kept. -#}
    {{ date_key }} >= {{ kept_from('keep_detail_months') }}
{%- endmacro %}

{% macro backlog_kept_from() -%}
    {#-
        The first day (date) whose backlog of alerts is whole. An alert waits for up to seven days, so on the
        first six days of the detail some that waited may be gone.
    -#}
    to_date({{ kept_from('keep_detail_months') }}::text, 'YYYYMMDD') + 6
{%- endmacro %}

{% macro drop_expired() -%}
    {#-
        At the end of a build: of every model that is built by days or months, what is older than the
        settings allow. Partitions go as a whole. Not after a failure: what could not be built yet may
        need them.
    -#}
    {%- set failed = results | selectattr('status', 'in', ['error', 'skipped']) | list if execute else [] -%}
    {%- if execute and flags.WHICH in ('run', 'build') and not failed -%}
        do $$
        declare
            days text;
            month text;
        begin
            foreach days in array {{ _built_by_days(partitioned=false) }} loop
                if to_regclass(days) is not null then
                    execute format('delete from %s where date_key < %s', days, {{ kept_from('keep_days_months') }});
                end if;
            end loop;
            for month in
                select inhrelid::regclass::text
                from pg_inherits
                inner join pg_class on pg_inherits.inhrelid = pg_class.oid
                where
                    inhparent::regclass::text = any({{ _built_by_days(partitioned=true) }})
                    and substring(pg_get_expr(relpartbound, inhrelid) from 'TO \((\d+)\)')::integer
                    <= {{ kept_from('keep_detail_months') }}
            loop
                execute format('drop table %s', month);
            end loop;
        end
        $$
    {%- endif -%}
{%- endmacro %}

{% macro _built_by_days(partitioned) -%}
    {#- The tables, as an array of names, whose rows are replaced by days or months. -#}
    {%- set names = [] -%}
    {%- for node in graph.nodes.values() if node.config.get('unique_key') -%}
        {%- set period = node.config.unique_key if node.config.unique_key is string else node.config.unique_key[0] -%}
        {%- if period in ('date_key', 'month_start') and node.config.get('partitioned', false) == partitioned -%}
            {%- do names.append("'" ~ node.schema ~ '.' ~ node.alias ~ "'") -%}
        {%- endif -%}
    {%- endfor -%}
    array[{{ names | join(', ') }}]::text[]
{%- endmacro %}
