{% macro sla_state(elapsed) -%}
    {#-
        The one state of a clock that `elapsed` seconds have run on towards target_seconds. A clock that
        is finished or past its target keeps that; of the others, one that a later clock replaced is
        superseded, one that nothing replaced and nothing can finish is cancelled, the rest still runs.
        To the second: what takes exactly its target has met it.
    -#}
    case
        when target_seconds is null then reported_state
        when finished_at is not null and {{ elapsed }} <= target_seconds then 'met'
        when {{ elapsed }} > target_seconds and (finished_at is not null or not is_running) then 'breached'
        when {{ elapsed }} > target_seconds then 'overdue'
        when is_superseded and (target_seconds - {{ elapsed }}) * 4 <= target_seconds then 'superseded_at_risk'
        when is_superseded then 'superseded'
        when not is_running then 'cancelled'
        when is_paused then 'paused'
        when (target_seconds - {{ elapsed }}) * 4 <= target_seconds then 'at_risk'
        else 'running'
    end
{%- endmacro %}
