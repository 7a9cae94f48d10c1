{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook='{{ forget_tickets_to_rebuild() }}',
        indexes=[{'columns': ['ticket_id'], 'unique': true}]
    )
}}

-- last of all, so that what a broken build left half is built again
-- depends_on: {{ ref('int_ticket__durations') }}, {{ ref('fct_ticket_sla') }}
-- depends_on: {{ ref('fct_ticket_events') }}, {{ ref('fct_ticket_backlog_daily') }}
-- depends_on: {{ ref('fct_tickets') }}

select
    ticket_id,
    inputs_hash
from {{ ref('int_ticket__to_rebuild') }}
where inputs_hash is not null
