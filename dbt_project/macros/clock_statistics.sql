{% macro clock_statistics(clocks, grain) -%}
    {#-
        Of clocks (the columns `grain`, seconds and is_ended): one row per `grain` with how many have
        ended and still run, mean and percentiles of the ended ones, and the Kaplan-Meier median, which
        takes in that the running ones will end later. The share that survives a duration is the product
        of the shares that survived each end before; it is rounded, since a half must be a half whatever
        way the logarithms add up.
    -#}
    {%- set keys = grain | join(', ') -%}
    select
        {{ keys }},
        count(*) filter (where is_ended) as ended,
        count(*) filter (where not is_ended) as running,
        avg(seconds) filter (where is_ended) as mean_seconds,
        percentile_cont(0.5) within group (order by seconds) filter (where is_ended) as p50_seconds,
        percentile_cont(0.9) within group (order by seconds) filter (where is_ended) as p90_seconds,
        percentile_cont(0.95) within group (order by seconds) filter (where is_ended) as p95_seconds,
        min(seconds) filter (where survival <= 0.5) as kaplan_meier_seconds
    from (
        select
            exposed.*,
            case
                when bool_or(is_ended and at_risk = 1) over so_far then 0
                else
                    round(
                        exp(
                            sum(
                                case when is_ended and at_risk > 1 then ln(1 - 1 / at_risk::double precision) end
                            ) over so_far
                        )::numeric,
                        9
                    )
            end as survival
        from (
            select
                {{ clocks }}.*,
                count(*) over (
                    partition by {{ keys }}
                    order by seconds desc, is_ended asc
                    rows between unbounded preceding and current row
                ) as at_risk
            from {{ clocks }}
        ) as exposed
        window
            so_far as (
                partition by {{ keys }}
                order by seconds asc, is_ended desc
                rows between unbounded preceding and current row
            )
    ) as survived
    group by {{ keys }}
{%- endmacro %}
