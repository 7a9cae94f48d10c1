"""A made-up service provider's world, computed from a seed.

Everything that happens is a function of (seed, size, history start, time), never of the clock: a
later clock shows the same past and what came after. Metrics, alerts, cases and tickets are driven
together by latent faults, which the truth table lists.
"""
