{% test expression_is_true(model, expression) %}
    {#- Every row satisfies the expression; where it is null there is nothing to judge. -#}
    select *
    from {{ model }}
    where not ({{ expression }})
{% endtest %}
