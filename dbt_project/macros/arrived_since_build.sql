{% macro arrived_since_build() -%}
    {#-
        In an incremental build: the rows that `this` does not hold yet, whatever their age. A later
        load has a greater load id; a row of an earlier load was left out only if it became known
        after the moment the last build was for. Load ids are 20 digits, which sort alike in every
        collation and before any letter: the upper bounds drop nothing, but tell the planner that few
        rows are meant.
    -#}
    (
        (
            _load_id > (select coalesce(max(_load_id), '') from {{ this }})
            and _load_id < 'a'
        )
        or (
            _known_at > (select coalesce(max(_known_at), '-infinity'::timestamptz) from {{ this }})
            and _known_at <= {{ as_of() }}
        )
    )
{%- endmacro %}
