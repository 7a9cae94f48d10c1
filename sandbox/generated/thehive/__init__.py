"""What the generated world's TheHive holds."""
