"""What one load did with one resource."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ingest.contract import Rejected, Row
from ingest.window import Window


@dataclass
class LoadReport:
    """One resource in one load. received = accepted + rejected;
    accepted = new + changed + unchanged + duplicate. `deleted` counts versions added for keys that
    a
    snapshot no longer lists, which were not received."""

    load_id: str
    source: str
    resource: str
    as_of: datetime
    window: Window
    received: int = 0
    rejected: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    duplicate: int = 0
    deleted: int = 0
    bytes: int = 0
    rejections: list[tuple[Row, Rejected]] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        return self.new + self.changed + self.unchanged + self.duplicate

    @property
    def written(self) -> int:
        """Rows added to raw."""
        return self.new + self.changed + self.deleted
