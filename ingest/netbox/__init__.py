"""NetBox 4.2 to 4.6 over REST: inventory, addressing, cabling and their changelog."""

from ingest.netbox.source import Netbox

__all__ = ["Netbox"]
