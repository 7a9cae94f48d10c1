{% macro ticket_list_members(members, tickets, name, list) -%}
    {#-
        The members of a list of Odoo's that tickets choose from (`name` is channel, `list` is
        ticket_channels), those that only tickets name, deleted since or not come yet, and the two
        members every dimension has.
    -#}
    select
        {{ surrogate_key('odoo.' ~ list, name ~ '_id') }} as member_key,
        {{ name }}_id,
        {{ name }}_name,
        is_active,
        'odoo' as source,
        false as is_inferred
    from {{ members }}
    union all
    select
        {{ surrogate_key('odoo.' ~ list, name ~ '_id') }} as member_key,
        {{ name }}_id,
        '{{ name | capitalize }} ' || {{ name }}_id as {{ name }}_name,
        false as is_active,
        'odoo' as source,
        true as is_inferred
    from (
        select distinct {{ tickets }}.{{ name }}_id
        from {{ tickets }}
        left join {{ members }} on {{ tickets }}.{{ name }}_id = {{ members }}.{{ name }}_id
        where {{ tickets }}.{{ name }}_id is not null and {{ members }}.{{ name }}_id is null
    ) as named_only
    union all
    select
        -1 as member_key,
        null as {{ name }}_id,
        'unknown' as {{ name }}_name,
        true as is_active,
        'none' as source,
        false as is_inferred
    union all
    select
        -2 as member_key,
        null as {{ name }}_id,
        'none' as {{ name }}_name,
        true as is_active,
        'none' as source,
        false as is_inferred
{%- endmacro %}
