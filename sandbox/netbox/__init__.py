"""NetBox in miniature: its REST API."""
