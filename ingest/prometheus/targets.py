"""What a Prometheus scrapes at the moment, and how that goes."""

from __future__ import annotations

from datetime import timedelta

from ingest.contract import Column, Resource

# A pool may hold an instance twice under two addresses, hence the address in the key.
TARGETS = Resource(
    name="targets",
    kind="entity",
    key=("scrape_pool", "instance", "scrape_url"),
    columns=(
        Column("scrape_pool", "text", path="scrapePool", required=True),
        Column("instance", "text", path="labels.instance", required=True),
        Column("scrape_url", "text", path="scrapeUrl", required=True),
        Column("job", "text", path="labels.job"),
        Column("health", "text"),
        # carries the ephemeral port of a refused connection
        Column("last_error", "text", path="lastError", volatile=True),
        Column("last_scrape", "timestamp", path="lastScrape", volatile=True),
        Column("last_scrape_seconds", "double", path="lastScrapeDuration", volatile=True),
        Column("scrape_interval", "text", path="scrapeInterval"),
    ),
    list_every=timedelta(0),
    # the address as seen from the server's own host name, and the labels before relabelling
    volatile=frozenset({"globalUrl", "discoveredLabels"}),
)
