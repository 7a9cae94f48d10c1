{% macro forget_later_crossings() -%}
    {#- In an incremental build of capacity_crossings, what a build for an earlier moment must not know. -#}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where first_day > (select coalesce(max(runs.first_day), '-infinity'::date) from {{ ref('forecast_runs') }} as runs)
    {%- endif -%}
{%- endmacro %}
