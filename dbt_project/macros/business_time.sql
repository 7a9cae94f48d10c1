{% macro open_seconds_until(calendar_key, moment) -%}
    {#-
        What the clock of a calendar shows at a moment: the seconds it was open before, from its first
        interval on (numeric). Two readings of one calendar differ by the business seconds between
        them, whatever nights, holidays and changes of the hour lie there: two look-ups of an index
        instead of a sum over intervals.
    -#}
    coalesce((
        select clock_before + least(clock_length, extract(epoch from {{ moment }} - clock_opens_at))
        from {{ _calendar_clock() }}
        where clock_key = {{ calendar_key }} and clock_opens_at <= {{ moment }}
        order by clock_opens_at desc
        limit 1
    ), 0)
{%- endmacro %}

{% macro moment_of_open_seconds(calendar_key, seconds) -%}
    {#-
        The first moment at which the clock of a calendar shows so many seconds: the inverse of
        open_seconds_until. Null beyond the last interval, a year after as_of.
    -#}
    (
        select clock_opens_at + make_interval(secs => ({{ seconds }} - clock_before)::double precision)
        from {{ _calendar_clock() }}
        where clock_key = {{ calendar_key }} and clock_before < {{ seconds }} and clock_before + clock_length >= {{ seconds }}
        order by clock_before desc
        limit 1
    )
{%- endmacro %}

{% macro _calendar_clock() -%}
    {#-
        The open intervals under names of their own: a column of the calling query called
        calendar_key would else be taken for theirs, and every comparison be true.
    -#}
    {{ ref('int_calendar__open_intervals') }}
    as clock (
        clock_key, clock_valid_from, clock_open_during, clock_opens_at, clock_closes_at, clock_length, clock_before
    )
{%- endmacro %}
