"""TheHive in miniature: its query API."""
