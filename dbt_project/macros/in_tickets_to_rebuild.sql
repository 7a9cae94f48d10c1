{% macro in_tickets_to_rebuild() -%}
    {#-
        The condition, in a model that is built ticket by ticket, on rows with a ticket_id: of a ticket that
        is built again; true in a build from the start. Such a model adds the rows of these tickets after
        forget_tickets_to_rebuild, its pre-hook, took the old ones in the same transaction.
    -#}
    {%- set to_rebuild = ref('int_ticket__to_rebuild') -%}
    {%- if is_incremental() -%}
        ticket_id in (select to_rebuild.ticket_id from {{ to_rebuild }} as to_rebuild)
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{% macro of_tickets_to_rebuild(relation) -%}
    {#-
        The rows of `relation`, a view of newest versions by ticket_id, that the condition above is true of: looked
        up ticket by ticket by the index, since the condition would be asked after the newest of all tickets were
        found. `offset 0` keeps the planner from turning it into just that.
    -#}
    {%- if is_incremental() -%}
        select of_ticket.*
        from {{ ref('int_ticket__to_rebuild') }} as to_rebuild
        cross join
            lateral (
                select of_all.*
                from {{ relation }} as of_all
                where to_rebuild.ticket_id = of_all.ticket_id
                offset 0
            ) as of_ticket
    {%- else -%}
        select * from {{ relation }}
    {%- endif -%}
{%- endmacro %}

{% macro forget_tickets_to_rebuild() -%}
    {%- if is_incremental() -%}
        {%- if config.get('is_read_by_day') -%}
        create temporary table {{ hashes_before() }} on commit drop as (
            {{ hashes_of_days(in_tickets_to_rebuild()) }}
        );
        {% endif -%}
        delete from {{ this }} where {{ in_tickets_to_rebuild() }}
    {%- endif -%}
{%- endmacro %}

{% macro built_tickets() -%}
    {#-
        What int_ticket__built says, read without ref since that model comes last: ticket_id and inputs_hash of
        the tickets that all models hold as of the build that ended last; none before the first and in a build
        from the start.
    -#}
    {%- set built = none -%}
    {%- if execute and not flags.FULL_REFRESH -%}
        {%- set built = adapter.get_relation(this.database, this.schema, 'int_ticket__built') -%}
    {%- endif -%}
    {%- if built is none -%}
        select
            null::bigint as ticket_id,
            null::bigint as inputs_hash
        where false
    {%- else -%}
        select
            ticket_id,
            inputs_hash
        from {{ built }}
    {%- endif -%}
{%- endmacro %}

{% macro tickets_told_otherwise() -%}
    {#-
        The tickets (ticket_id) of which fct_tickets, read without ref since it comes later, says whether they were
        reopened within thirty days though these have not passed as of now, or not yet though they have.
    -#}
    {%- set told = none -%}
    {%- if execute -%}
        {%- set told = adapter.get_relation(this.database, 'core', 'fct_tickets') -%}
    {%- endif -%}
    {%- if told is none -%}
        select null::bigint as ticket_id
        where false
    {%- else -%}
        select ticket_id
        from {{ told }}
        where (first_closed_at + interval '720 hours' <= {{ as_of() }}) <> (is_reopened_within_30_days is not null)
    {%- endif -%}
{%- endmacro %}
