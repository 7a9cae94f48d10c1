{% test values_known(model, column) %}
    {#- Counts the rows whose value the vendor or the customer added: shown as 'unknown', never lost. -#}
    select {{ column }}_original
    from {{ model }}
    where {{ column }} = 'unknown' and {{ column }}_original is not null
    {%- do config(severity='warn') %}
{% endtest %}
