{% macro days_to_rebuild(arrivals, moment) -%}
    {#-
        In an incremental build: the UTC days (date_key) of the rows that arrived since the last one,
        of the rows in `this` whose host meanwhile belongs to another device or customer, and those
        asked for by name. The second look costs a probe of the index (device_key, host, customer_key)
        for each pair of keys that a host no longer has, not a scan.
    -#}
    select distinct {{ date_key(moment) }} as date_key
    from {{ arrivals }}
    where {{ arrived_since_build() }}
    union
    select built.date_key
    from {{ ref('int_device__possible_keys') }} as possible
    inner join {{ this }} as built
        on
            possible.device_key = built.device_key
            and possible.host = built.host
            and possible.customer_key = built.customer_key
    where not possible.is_present
    union
    {{ days_asked_for() }}
{%- endmacro %}
