{% macro health_scores(components, weights, grain, names) -%}
    {#-
        From scores of components, 0 to 100 (the columns `grain`, component and component_score), and
        their weights: one row per `grain` with <name>_score of every component, the weight that was
        measured, the mean of what was measured by weight, and which component costs it most.
    -#}
    {%- set keys = components ~ '.' ~ grain | join(', ' ~ components ~ '.') -%}
    select
        {{ keys }},
        {% for name in names %}
            max({{ components }}.component_score) filter (where {{ components }}.component = '{{ name }}')
                as {{ name }}_score,
        {% endfor %}
        sum({{ weights }}.weight) as measured_weight,
        sum({{ weights }}.weight * {{ components }}.component_score) / sum({{ weights }}.weight) as health_score,
        max({{ weights }}.weight * (100 - {{ components }}.component_score)) / sum({{ weights }}.weight)
            as costliest_component_points,
        (
            array_agg(
                {{ components }}.component
                order by {{ weights }}.weight * (100 - {{ components }}.component_score) desc, {{ components }}.component asc
            ) filter (where {{ weights }}.weight * (100 - {{ components }}.component_score) > 0)
        )[1] as costliest_component
    from {{ components }}
    left join {{ weights }} on {{ components }}.component = {{ weights }}.component
    group by {{ keys }}
{%- endmacro %}
