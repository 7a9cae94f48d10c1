{% test sum_equals(model, expression, relation, relation_expression, filter='true', kept=none) %}
    {#-
        An additive measure adds up to the same total as its origin: `expression` over the model,
        `relation_expression` over the relation (after `filter`), both whole aggregates. `kept` names the
        setting that says which days both still have, if one forgets sooner than the other.
    -#}
    with totals as (
        select
            (select coalesce({{ expression }}, 0) from {{ model }} where {% if kept %}date_key >= {{ kept_from(kept) }}{% else %}true{% endif %}) as total_here,
            (
                select coalesce({{ relation_expression }}, 0)
                from {{ relation }}
                where ({{ filter }}) and {% if kept %}date_key >= {{ kept_from(kept) }}{% else %}true{% endif %}
            ) as total_there
    )

    select *
    from totals
    where total_here <> total_there
{% endtest %}
