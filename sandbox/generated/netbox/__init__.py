"""What the generated world's NetBox holds."""
