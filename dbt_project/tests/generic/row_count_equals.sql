{% test row_count_equals(model, rows=none, relation=none, filter='true') %}
    {#- The model has as many rows as a number says, or as another relation has (after `filter`). -#}
    with counted as (
        select
            (select count(*) from {{ model }}) as rows_here,
            {% if relation %}(select count(*) from {{ relation }} where {{ filter }}){% else %}{{ rows }}{% endif %} as rows_there
    )

    select *
    from counted
    where rows_here <> rows_there
{% endtest %}
