"""Odoo in miniature: its PostgreSQL database."""
