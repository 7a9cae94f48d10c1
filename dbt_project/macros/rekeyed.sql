{% macro rekeyed() -%}
    {#-
        In an incremental build, of the hosts of which `this` holds rows under a device or customer that they
        have no more: host, device_key and customer_key of these rows and of those they have now. Only of
        days whose detail is kept; older ones stay as they are. A name that turned out to be shared is left
        to rekeyed_days, since what reported under it is another host now. It costs probes of the index
        (device_key, host, customer_key), not a scan: one for each pair of host and device, since most that
        are possible were never met, and one for each customer of those that were.
    -#}
    with held_pairs as materialized (
        select
            pairs.host,
            pairs.device_key
        from (
            select distinct
                host,
                device_key
            from {{ ref('int_device__possible_keys') }}
            where not is_present and is_name_shared is not true
        ) as pairs
        cross join
            lateral (
                select
                from {{ this }} as built
                where pairs.device_key = built.device_key and pairs.host = built.host
                limit 1
            ) as held
    ),

    former_keys as materialized (
        select former.*
        from held_pairs
        inner join {{ ref('int_device__possible_keys') }} as former
            on held_pairs.host = former.host and held_pairs.device_key = former.device_key
        cross join
            lateral (
                select
                from {{ this }} as built
                where
                    former.device_key = built.device_key
                    and former.host = built.host
                    and former.customer_key = built.customer_key
                    and {{ has_detail('built.date_key') }}
                limit 1
            ) as held
        where not former.is_present
    )

    select
        host,
        device_key,
        customer_key
    from former_keys
    union
    select
        present.host,
        present.device_key,
        present.customer_key
    from former_keys
    inner join {{ ref('int_device__possible_keys') }} as present on former_keys.host = present.host
    where present.is_present
{%- endmacro %}

{% macro is_rekeyed(column, keyed_anew) -%}
    {#-
        The condition, in an incremental build, on rows with a date_key: their host or customer_key, as
        `column` says, is among what was keyed anew, as `rekeyed` tells it. For a host the index wants the
        device too; where nothing was keyed anew, no row is looked at.
    -#}
    exists (select from {{ keyed_anew }})
    {%- if column == 'host' %}
    and device_key = any(array(select keyed_anew.device_key from {{ keyed_anew }} as keyed_anew))
    {%- endif %}
    and {{ column }} = any(array(select keyed_anew.{{ column }} from {{ keyed_anew }} as keyed_anew))
    and {{ has_detail('date_key') }}
{%- endmacro %}

{% macro rekeyed_days(of_shared_names=false) -%}
    {#-
        The days (date_key) of what was keyed anew, all of it or only under names that turned out to be
        shared, for a model that is built by whole days or months.
    -#}
    select built.date_key
    from {{ ref('int_device__possible_keys') }} as former
    inner join {{ this }} as built
        on
            former.device_key = built.device_key
            and former.host = built.host
            and former.customer_key = built.customer_key
    where
        not former.is_present
    {%- if of_shared_names %}
        and former.is_name_shared
    {%- endif %}
        and {{ has_detail('built.date_key') }}
{%- endmacro %}
