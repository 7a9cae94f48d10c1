"""The helpdesk: tickets, what describes them, and their history; Enterprise or OCA helpdesk_mgmt.

The two cannot be installed together and share the table ``helpdesk_ticket``. The stage history of
either is only in ``mail_tracking_value``. Customer texts (descriptions, message bodies, feedback)
are not read.
"""

from __future__ import annotations

from ingest.contract import Column, Resource
from ingest.odoo.relation import (
    DAY,
    EVERY_LOAD,
    Join,
    Relation,
    entity,
    event,
    flags,
    ids,
    numbers,
    texts,
    translated,
    utc,
)

_HELPDESK = "a helpdesk (Enterprise helpdesk or OCA helpdesk_mgmt)"
_TICKET = "helpdesk.ticket"

TICKETS = entity(
    "tickets",
    *texts("ticket_ref", "name"),
    *ids("team_id", "stage_id", "user_id", "partner_id"),
    *texts("priority"),
    *flags("active"),
    *texts("kanban_state"),
    # in OCA this is the last assignment, and a reopened ticket keeps its old closing time
    utc("assign_date"),
    utc("close_date"),
    utc("last_stage_update"),
    *ids("category_id", "channel_id", "company_id", "commercial_partner_id", "duplicate_id"),
    *ids("sale_order_id", "product_id", "create_uid"),
    utc("sla_deadline"),
    *flags("sla_reached", "sla_reached_late", "closed_by_partner", "unattended"),
    # working hours of the team's calendar, not wall clock
    *numbers("assign_hours", "close_hours", "first_response_hours", "avg_response_hours"),
    *numbers("total_response_hours", "rating_last_value"),
    Column("answered_customer_message_count", "bigint"),
    utc("oldest_unanswered_customer_message_date"),
    sweep_every=DAY,
)
TICKET_STAGES = entity(
    "ticket_stages",
    translated(),
    Column("sequence", "bigint"),
    *flags("fold", "active", "closed", "unattended"),
    list_every=EVERY_LOAD,
)
TICKET_TEAMS = entity(
    "ticket_teams",
    translated(),
    *flags("active", "use_sla", "use_rating"),
    *ids("company_id", "resource_calendar_id", "parent_id", "user_id"),
    list_every=EVERY_LOAD,
)
TICKET_CATEGORIES = entity(
    "ticket_categories",
    translated(),
    *flags("active"),
    *ids("parent_id", "company_id", "sequence"),
    list_every=EVERY_LOAD,
)
TICKET_CHANNELS = entity(
    "ticket_channels",
    translated(),
    *flags("active"),
    *ids("company_id", "sequence"),
    list_every=EVERY_LOAD,
)
TICKET_TAGS = entity(
    "ticket_tags", translated(), *flags("active"), *ids("company_id"), list_every=EVERY_LOAD
)
TICKET_TAG_LINKS = Resource(
    name="ticket_tag_links",
    kind="entity",
    key=("ticket_id", "tag_id"),
    columns=(
        Column("ticket_id", "bigint", required=True),
        Column("tag_id", "bigint", required=True),
    ),
    # the table of a many-to-many relation has no stamps
    list_every=EVERY_LOAD,
)
SLA_POLICIES = entity(
    "sla_policies",
    translated(),
    *ids("team_id", "stage_id"),
    *texts("priority"),
    # Enterprise: `time` in working hours; OCA: days and hours
    *numbers("time", "days", "hours"),
    *ids("company_id"),
    *flags("active"),
    list_every=EVERY_LOAD,
)
SLA_STATUS = entity(
    "sla_status",
    *ids("ticket_id", "sla_id"),
    utc("deadline"),
    utc("reached_datetime"),
    *numbers("exceeded_hours"),
    *ids("sla_stage_id"),
    *texts("state"),
    *numbers("consumed_time"),
    sweep_every=DAY,
)
RATINGS = entity(
    "ratings",
    *texts("res_model"),
    *ids("res_id"),
    *texts("parent_res_model"),
    *ids("parent_res_id", "rated_partner_id", "partner_id", "message_id"),
    *numbers("rating"),
    *texts("rating_text"),
    *flags("consumed", "is_internal"),
    sweep_every=DAY,
)
MAIL_MESSAGES = event(
    "mail_messages",
    *texts("model"),
    *ids("res_id"),
    utc("date"),
    *texts("message_type"),
    *ids("subtype_id", "author_id", "parent_id"),
    *flags("is_internal", "is_internal_subtype"),
    owner="res_id",
)
MAIL_TRACKING_VALUES = event(
    "mail_tracking_values",
    *ids("mail_message_id"),
    *texts("model"),
    *ids("res_id"),
    *texts("field_name"),
    *ids("old_value_integer", "new_value_integer"),
    *texts("old_value_char", "new_value_char"),
    utc("message_date"),
    *ids("author_id"),
    owner="res_id",
)

RELATIONS = {
    "tickets": Relation(
        _HELPDESK,
        ("helpdesk_ticket",),
        {
            "ticket_ref": ("ticket_ref", "number"),
            "assign_date": ("assign_date", "assigned_date"),
            "close_date": ("close_date", "closed_date"),
            "last_stage_update": ("date_last_stage_update", "last_stage_update"),
            "category_id": ("category_id", "ticket_type_id"),
        },
    ),
    "ticket_stages": Relation(
        _HELPDESK,
        ("helpdesk_stage", "helpdesk_ticket_stage"),
        # Enterprise says closed by folding the stage away
        {"closed": ("closed", "fold")},
    ),
    "ticket_teams": Relation(_HELPDESK, ("helpdesk_team", "helpdesk_ticket_team")),
    "ticket_categories": Relation(
        "helpdesk_mgmt (or Enterprise 17's ticket types)",
        ("helpdesk_ticket_category", "helpdesk_ticket_type"),
    ),
    "ticket_channels": Relation("helpdesk_mgmt", ("helpdesk_ticket_channel",)),
    "ticket_tags": Relation(_HELPDESK, ("helpdesk_tag", "helpdesk_ticket_tag")),
    "ticket_tag_links": Relation(
        _HELPDESK,
        ("helpdesk_tag_helpdesk_ticket_rel", "helpdesk_ticket_helpdesk_ticket_tag_rel"),
        {
            "ticket_id": ("helpdesk_ticket_id",),
            "tag_id": ("helpdesk_tag_id", "helpdesk_ticket_tag_id"),
        },
    ),
    "sla_policies": Relation("helpdesk SLAs (OCA: helpdesk_mgmt_sla)", ("helpdesk_sla",)),
    "sla_status": Relation(
        "helpdesk SLAs (OCA: helpdesk_mgmt_sla)",
        ("helpdesk_sla_status", "helpdesk_ticket_sla"),
        {"sla_stage_id": ("sla_stage_id", "expected_stage_id")},
    ),
    "ratings": Relation("rating", ("rating_rating",)),
    "mail_messages": Relation(
        "mail",
        ("mail_message",),
        joins=(
            Join(
                "mail_message_subtype", "s", ("subtype_id",), {"is_internal_subtype": ("internal",)}
            ),
        ),
        condition=f"t.model = '{_TICKET}'",
    ),
    "mail_tracking_values": Relation(
        "mail",
        ("mail_tracking_value",),
        joins=(
            Join(
                "mail_message",
                "m",
                ("mail_message_id",),
                {
                    "model": ("model",),
                    "res_id": ("res_id",),
                    "message_date": ("date",),
                    "author_id": ("author_id",),
                },
            ),
            # called `field` up to Odoo 16
            Join("ir_model_fields", "f", ("field_id", "field"), {"field_name": ("name",)}),
        ),
        condition=f"m.model = '{_TICKET}'",
    ),
}
