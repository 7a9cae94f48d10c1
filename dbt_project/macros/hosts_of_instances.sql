{% macro hosts_of_instances(instances, prometheus_hosts) -%}
    {#-
        The host of every `instance` of a relation of Prometheus targets other than hosts. A device is
        scraped by several exporters: the one on the same address names it, else its short name.
    -#}
    select
        {{ instances }}.instance,
        coalesce(
            min(same_address.host),
            case when bool_or(namesakes.is_name_shared) then lower({{ instances }}.instance) end,
            min(namesakes.host),
            {{ host_name(instances ~ '.instance') }},
            lower({{ instances }}.instance)
        ) as host
    from {{ instances }}
    left join {{ prometheus_hosts }} as same_address
        on {{ address_of(instances ~ '.instance') }} = {{ address_of('same_address.instance') }}
    left join {{ prometheus_hosts }} as namesakes
        on {{ host_name(instances ~ '.instance') }} = namesakes.short_name
    group by {{ instances }}.instance
{%- endmacro %}
