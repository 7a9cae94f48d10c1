{% test unique_combination(model, columns) %}
    {#- A key: no two rows share it, and no part of it is null. -#}
    select
        {{ columns | join(',\n        ') }},
        count(*) as rows_with_this_key
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1 {% for column in columns %}or {{ column }} is null {% endfor %}
{% endtest %}
