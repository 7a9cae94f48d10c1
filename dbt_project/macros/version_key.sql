{% macro version_key(key, valid_from) -%}
    {#-
        The key of one version of a dimension's member: durable key and beginning. The special members
        keep their own key.
    -#}
    case
        when {{ key }} < 0 then {{ key }}
        else {{ surrogate_key('version', [key, 'extract(epoch from ' ~ valid_from ~ ')']) }}
    end
{%- endmacro %}
