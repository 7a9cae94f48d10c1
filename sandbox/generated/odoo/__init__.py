"""What the generated world's Odoo holds."""
