{% macro postgres__create_table_as(temporary, relation, sql) -%}
    {#-
        dbt's own, except for a model with `partitioned: true`: that becomes a table with a partition
        for every month of its date_key. The rows are worked out first, so that their months are known.
    -#}
    {%- if temporary or not config.get('partitioned') -%}
        {{ dbt.postgres__create_table_as(temporary, relation, sql) }}
    {%- else -%}
        {%- set rows = relation.identifier ~ '_rows' -%}
        {{ get_assert_columns_equivalent(sql) }}
        create temporary table {{ adapter.quote(rows) }} on commit drop as (
            {{ sql }}
        );

        create table {{ relation }} {{ get_table_columns_and_constraints() }} partition by range (date_key);

        {{ add_months(relation, adapter.quote(rows)) }}

        insert into {{ relation }} ({{ adapter.dispatch('get_column_names', 'dbt')() }})
        select {{ adapter.dispatch('get_column_names', 'dbt')() }}
        from {{ adapter.quote(rows) }};
    {%- endif -%}
{%- endmacro %}

{% macro add_months(relation, rows) -%}
    {#-
        A partition of `relation` for every month of `rows` that has none yet. Its name carries the
        build that made it, since a full refresh stands beside the table it replaces.
    -#}
    do $$
    declare
        month integer;
        bounds text;
    begin
        for month in select distinct date_key / 100 from {{ rows }} order by 1 loop
            bounds := format(
                'FOR VALUES FROM (%s) TO (%s)',
                month * 100,
                to_char(to_date(month::text, 'YYYYMM') + interval '1 month', 'YYYYMM') || '00'
            );
            if not exists (
                select from pg_inherits
                inner join pg_class on pg_inherits.inhrelid = pg_class.oid
                where
                    pg_inherits.inhparent = '{{ relation }}'::regclass
                    and pg_get_expr(pg_class.relpartbound, pg_class.oid) = bounds
            ) then
                execute format(
                    'create table %I.%I partition of {{ relation }} %s',
                    '{{ this.schema }}',
                    '{{ this.identifier }}_' || month || '_{{ invocation_id[:8] }}',
                    bounds
                );
            end if;
        end loop;
    end
    $$;
{%- endmacro %}
