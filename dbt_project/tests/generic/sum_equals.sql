{% test sum_equals(model, expression, relation, relation_expression, filter='true') %}
    {#-
        An additive measure adds up to the same total as its origin: `expression` over the model,
        `relation_expression` over the relation (after `filter`), both whole aggregates.
    -#}
    with totals as (
        select
            (select coalesce({{ expression }}, 0) from {{ model }}) as total_here,
            (select coalesce({{ relation_expression }}, 0) from {{ relation }} where {{ filter }}) as total_there
    )

    select *
    from totals
    where total_here <> total_there
{% endtest %}
