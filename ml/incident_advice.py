"""What to do about a likely incident, in words put together from measured values."""

from __future__ import annotations

from collections.abc import Sequence

from ml.incident_factors import IncidentFactor

ACTIONS = {
    "capacity": "free or add capacity before it runs out",
    "configuration error": "review the latest changes and be ready to take them back",
    "hardware failure": "check the hardware's health and have a replacement ready",
    "outage": "check power, links and the last restarts, and have a fallback ready",
    "performance": "look for what loads the device and move or limit it",
    "security": "go through the open alerts and vulnerabilities and close what is exploitable",
}


def advice(kind: str, share: float, factors: Sequence[IncidentFactor]) -> str:
    """One or two sentences: what kind is likeliest, what to do, and what speaks for it."""
    text = f"Most likely {kind} ({share:.0%} of incidents like this): {ACTIONS[kind]}."
    if factors:
        named = ", ".join(
            f"{each['feature']} is {each['value']:.4g} (usually {each['expected']:.4g})"
            for each in factors
        )
        text += f" What speaks for it: {named}."
    return text
