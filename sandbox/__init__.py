"""The five source systems in miniature, served over their real protocols.

A protocol server (one module per source) shows any `sandbox.estate.Estate`: a generated world
(`sandbox.generated`) or replayed real data (`sandbox.recorded`).
"""
