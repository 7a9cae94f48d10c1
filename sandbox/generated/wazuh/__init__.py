"""What the generated world's Wazuh holds."""
