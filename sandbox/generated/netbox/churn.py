"""What comes into NetBox and goes again: machines put up for a while, spare parts, reservations.

None of it is monitored or guarded, so that no other source knows it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from sandbox.generated.inventory import Inventory, Site
from sandbox.generated.randomness import generator, pick
from sandbox.generated.timeline import EPOCH_DAY, day_of, moment_in

Kind = Literal["device", "machine", "address"]
FIRST_ID_DAY = EPOCH_DAY + 18_262
IDS_PER_DAY = 100
FIRST_ID = 2_000_001
LONGEST_STAY = timedelta(days=60)


class Passing(NamedTuple):
    """Something that is created, taken into use and deleted; `id` is unique among its kind."""

    id: int
    kind: Kind
    site: Site
    created: datetime
    used: datetime
    deleted: datetime

    def last_updated(self, moment: datetime) -> datetime:
        return self.used if self.used <= moment else self.created

    def is_there(self, moment: datetime) -> bool:
        return self.created <= moment < self.deleted


@dataclass
class Churn:
    """Everything passing that was created from the history's start on."""

    inventory: Inventory
    _begun: dict[int, list[Passing]] = field(default_factory=dict)

    def seen(self, until: datetime) -> list[Passing]:
        """What was created by `until`, whether it is still there or not, by id."""
        start = self.inventory.history_start
        days = range(day_of(start), day_of(until) + 1)
        begun = [passing for day in days for passing in self._begun_on(day)]
        return [passing for passing in begun if start <= passing.created <= until]

    def there(self, moment: datetime, kind: Kind) -> list[Passing]:
        """What of one kind exists at `moment`, by id."""
        return [
            passing
            for passing in self.seen(moment)
            if passing.kind == kind and passing.is_there(moment)
        ]

    def _begun_on(self, day: int) -> list[Passing]:
        if day not in self._begun:
            random = generator(self.inventory.seed, "churn", day)
            count = int(random.poisson(0.1 + 0.0005 * self.inventory.size.devices))
            first_id = FIRST_ID + (day - FIRST_ID_DAY) * IDS_PER_DAY
            times = sorted(moment_in(day, float(random.uniform(0.3, 0.75))) for _ in range(count))
            kinds: tuple[Kind, ...] = ("device", "machine", "address")
            self._begun[day] = [
                Passing(
                    id=first_id + number,
                    kind=pick(random, kinds, (1, 2, 2)),
                    site=pick(random, self.inventory.sites),
                    created=created,
                    used=created + timedelta(hours=float(random.uniform(1, 20))),
                    deleted=created + float(random.uniform(0.02, 1.0)) * LONGEST_STAY,
                )
                for number, created in enumerate(times)
            ]
        return self._begun[day]
