"""Odoo 16 to 18 on PostgreSQL: helpdesk (Enterprise or OCA), people, calendars, sales."""

from ingest.odoo.source import Odoo

__all__ = ["Odoo"]
