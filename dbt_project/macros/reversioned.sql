{#-
    Rows bear the version of their device that held at their hour. When the inventory comes later than the
    hours, or tells the past otherwise, hours that are built already bear another version than they would now.

    A model whose rows do so remembers in ops.read_device_versions what the inventory said when it was built, in
    the transaction that writes the rows. The next build compares, and builds again what lies after the first
    difference of a device.
-#}

{% macro reversioned() -%}
    {#-
        In an incremental build: device_key, and the moment (changed_from, timestamptz) from which the inventory
        says otherwise of it than it did when `this` was built. A customer that the device has no more at all
        is left to `rekeyed`.
    -#}
    select
        coalesce(present.device_key, known.device_key) as device_key,
        min(
            case
                when
                    (present.site_key, present.customer_key, present.role_name)
                    = (known.site_key, known.customer_key, known.role_name)
                    then least(present.valid_to, known.valid_to)
                else coalesce(present.valid_from, known.valid_from)
            end
        ) as changed_from
    from (select {{ _version_columns() }} from {{ ref('dim_device') }}) as present
    full join (
        select {{ _version_columns() }}
        from ops.read_device_versions
        where model = '{{ this.identifier }}'
    ) as known on present.device_key = known.device_key and present.valid_from = known.valid_from
    where
        present is distinct from known
        and not exists (
            select
            from {{ ref('int_device__possible_keys') }} as former
            where
                not former.is_present
                and known.device_key = former.device_key
                and known.customer_key = former.customer_key
        )
    group by coalesce(present.device_key, known.device_key)
{%- endmacro %}

{% macro reversioned_days(period) -%}
    {#-
        In an incremental build: the date_keys of rows of `this` that bear another version than now; they are
        those of a day or a month, as `period` says.
    -#}
    {%- set first_day = date_key("date_trunc('" ~ period ~ "', reversioned.changed_from, 'UTC')") -%}
    {{ _reversioned('date_key', 'built.date_key >= ' ~ first_day) }}
{%- endmacro %}

{% macro reversioned_hours() -%}
    {#- The same of a model by hours: exactly these hours. -#}
    {%- set first_day = date_key('reversioned.changed_from') -%}
    {{ _reversioned('hour', 'built.date_key >= ' ~ first_day ~ ' and built.hour >= reversioned.changed_from') }}
{%- endmacro %}

{% macro _reversioned(column, is_after_change) -%}
    {#- Device by device, by the index; `distinct` keeps the planner from reading all rows for a join. -#}
    select rows_reversioned.{{ column }}
    from ({{ reversioned() }}) as reversioned
    cross join
        lateral (
            select distinct built.{{ column }}
            from {{ this }} as built
            where
                built.device_key = reversioned.device_key
                and {{ has_detail('built.date_key') }}
                and {{ is_after_change }}
        ) as rows_reversioned
{%- endmacro %}

{% macro note_device_versions() -%}
    {#- Post-hook of every table: what the inventory says now, if its rows bear versions of devices. -#}
    {%- if execute and model.refs | selectattr('name', 'equalto', 'int_device__possible_keys') | list -%}
        delete from ops.read_device_versions
        where
            model = '{{ this.identifier }}'
            and ({{ _version_columns() }}) not in (select {{ _version_columns() }} from {{ ref('dim_device') }});

        insert into ops.read_device_versions (model, {{ _version_columns() }})
        select
            '{{ this.identifier }}' as model,
            {{ _version_columns() }}
        from {{ ref('dim_device') }}
        on conflict (model, device_key, valid_from) do nothing
    {%- endif -%}
{%- endmacro %}

{% macro _version_columns() -%}
    device_key, valid_from, valid_to, site_key, customer_key, role_name
{%- endmacro %}
