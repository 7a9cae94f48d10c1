{% test row_count_equals(model, rows=none, relation=none, filter='true', kept=none, moment=none) %}
    {#-
        The model has as many rows as a number says, or as another relation has (after `filter`). `kept` names
        the setting that says from which day on, if the model forgets and the relation, whose time is `moment`,
        does not.
    -#}
    with counted as (
        select
            (select count(*) from {{ model }} where {% if kept %}date_key >= {{ kept_from(kept) }}{% else %}true{% endif %}) as rows_here,
            {% if relation %}(
                select count(*)
                from {{ relation }}
                where ({{ filter }}) and {% if kept %}{{ moment }} >= {{ day_start(kept_from(kept)) }}{% else %}true{% endif %}
            ){% else %}{{ rows }}{% endif %} as rows_there
    )

    select *
    from counted
    where rows_here <> rows_there
{% endtest %}
