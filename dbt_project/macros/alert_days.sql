{% macro alerts_since() -%}
    {#-
        The moment whose steps and those after it make alerts: an alert is kept for thirty days after its last step
        and never reaches over the end of a month (`alerts`), so that its beginning, by which it is known, never moves.
    -#}
    date_trunc('month', {{ as_of() }} - interval '30 days', 'UTC')
{%- endmacro %}

{% macro anomaly_advice(metric) -%}
    {#- What to do first about an anomaly, by the metric that strayed furthest. -#}
    case {{ metric }}
        when 'cpu_avg_pct' then 'find what takes the processor, and limit or move it'
        when 'mem_avg_pct' then 'find what takes the memory, and look for a leak'
        when 'disk_used_pct' then 'find what fills or empties the disk, and make room before it is full'
        when 'net_in_bytes' then 'look at who sends so much or so little to the device'
        when 'net_out_bytes' then 'look at where the device sends so much or so little'
        when 'temp_max_celsius' then 'check fans, air flow and the load of the device'
        when 'power_avg_watts' then 'check power supplies and the load of the device'
        when 'uptime_hours' then 'find out why the device started again'
        when 'in_bps_avg' then 'look at who sends so much or so little through the interface'
        when 'out_bps_avg' then 'look at where the interface sends so much or so little'
        when 'util_max_pct' then 'find what takes the bandwidth of the interface'
        when 'errors' then 'check cable, plug and optics of the interface'
        when 'discards' then 'find what overfills the queues of the interface'
        when 'link_down_minutes' then 'find out why the link went down'
        when 'link_changes' then 'check cable, plug and the other end of the link'
        when 'low_alerts' then 'read the alerts of the hour, and look for what they have in common'
        when 'medium_alerts' then 'read the alerts of the hour, and look for what they have in common'
        when 'high_alerts' then 'read the grave alerts of the hour first'
        when 'rules' then 'look at which rules fired that never do here'
        when 'source_addresses' then 'look at who reaches for the device, and block whom you do not know'
        when 'failed_logins' then 'look at who tries to log in, and block whom you do not know'
        when 'off_hours_logins' then 'ask whose logins outside business hours these are'
        else 'look at ' || {{ metric }}
    end
{%- endmacro %}
