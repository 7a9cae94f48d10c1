"""What the generated world's Prometheus has measured."""
