"""The inventory in the shape of NetBox's REST API, endpoint by endpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import cached_property

from sandbox.estate import Row
from sandbox.generated import catalogue
from sandbox.generated.interfaces import interfaces_of
from sandbox.generated.inventory import Inventory
from sandbox.generated.netbox import addressing, cabling, devices, organisation
from sandbox.generated.netbox.changelog import Changelog
from sandbox.generated.netbox.churn import Churn
from sandbox.generated.netbox.shapes import ALL_ROLES, MANUFACTURERS
from sandbox.generated.netbox.wiring import cable_object, interface_object

ANSWERS_KEPT = 3


class NetboxObjects:
    """Objects of every endpoint as of any moment.

    The newest answers are kept, since a client asks for one endpoint page by page, and for the
    changelog in between.
    """

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.churn = Churn(inventory)
        self.changelog = Changelog(inventory, self.churn)
        self._answers: dict[tuple[str, datetime], list[Row]] = {}
        self._endpoints: dict[str, Callable[[datetime], list[Row]]] = {
            "tenancy/tenants": self._tenants,
            "dcim/sites": self._sites,
            "dcim/manufacturers": lambda _: [
                organisation.manufacturer(name) for name in MANUFACTURERS
            ],
            "dcim/device-types": lambda _: [
                organisation.device_type(model) for model in catalogue.MODELS
            ],
            "dcim/device-roles": lambda _: [organisation.device_role(role) for role in ALL_ROLES],
            "dcim/platforms": lambda _: [
                organisation.platform_object(platform) for platform in catalogue.PLATFORMS
            ],
            "dcim/racks": lambda _: organisation.racks(self.inventory),
            "dcim/devices": self._devices,
            "dcim/interfaces": self._interfaces,
            "dcim/cables": lambda _: [cable_object(cable) for cable in self._cables],
            "ipam/ip-addresses": self._addresses,
            "ipam/vlans": lambda _: [addressing.vlan_object(vlan) for vlan in self._vlans],
            "ipam/prefixes": self._prefixes,
            "circuits/circuits": lambda _: [
                organisation.circuit_object(circuit) for circuit in cabling.circuits(self.inventory)
            ],
            "virtualization/virtual-machines": self._machines,
            "core/object-changes": self.changelog.rows,
        }

    def objects(self, endpoint: str, moment: datetime) -> list[Row] | None:
        """Objects of `endpoint` as of `moment`, by ascending id; None for one not modelled."""
        if endpoint not in self._endpoints:
            return None
        question = endpoint, moment
        answer = self._answers.pop(question, None)
        if answer is None:
            answer = self._endpoints[endpoint](moment)
        self._answers[question] = answer
        if len(self._answers) > ANSWERS_KEPT:
            del self._answers[next(iter(self._answers))]
        return answer

    def _tenants(self, _: datetime) -> list[Row]:
        customers = self.inventory.customers
        return [organisation.tenant(customer, self.inventory) for customer in customers]

    def _sites(self, moment: datetime) -> list[Row]:
        counts = Counter(device.site.id for device in self.inventory.devices_at(moment))
        return [organisation.site_object(site, counts[site.id]) for site in self.inventory.sites]

    def _devices(self, moment: datetime) -> list[Row]:
        sites, racks = len(self.inventory.sites), organisation.rack_count(self.inventory)
        return [
            *(
                devices.device_object(device, devices.rack_number(device, sites, racks))
                for device in self.inventory.devices_at(moment)
            ),
            *(
                devices.device_object(devices.spare_device(passing, moment, self.inventory), None)
                for passing in self.churn.there(moment, "device")
            ),
        ]

    def _interfaces(self, moment: datetime) -> list[Row]:
        current = self.inventory.devices_at(moment)
        # wired and assigned to VLANs where the device stood at first: moving it touches no port
        rows = [
            interface_object(
                device,
                interface,
                self._plugged.get(interface.id),
                self._vlans_by_site.get(at_first.site.id, []),
            )
            for device, at_first in zip(current, self.inventory.devices, strict=True)
            for interface in interfaces_of(device)
        ]
        return sorted(rows, key=lambda row: int(row["id"]))

    def _addresses(self, moment: datetime) -> list[Row]:
        current = [device for device in self.inventory.devices_at(moment) if device.address]
        return [
            *(
                addressing.device_address(device, self.inventory.devices[device.index])
                for device in current
            ),
            *addressing.client_addresses(self.inventory),
            *(addressing.gateway_address(site) for site in self.inventory.sites),
            *(
                addressing.passing_address(passing, moment)
                for passing in self.churn.there(moment, "address")
            ),
        ]

    def _prefixes(self, _: datetime) -> list[Row]:
        return [
            *(addressing.vlan_prefix(vlan) for vlan in self._vlans),
            *(addressing.customer_prefix(customer) for customer in self.inventory.customers),
        ]

    def _machines(self, moment: datetime) -> list[Row]:
        hosts = [d for d in self.inventory.devices if d.role.short == "vhost"]
        return [
            *(machine for host in hosts for machine in devices.machines_on(host)),
            *(
                devices.passing_machine(passing, moment)
                for passing in self.churn.there(moment, "machine")
            ),
        ]

    @cached_property
    def _vlans(self) -> list[addressing.Vlan]:
        return addressing.vlans_of(self.inventory)

    @cached_property
    def _vlans_by_site(self) -> dict[int, list[addressing.Vlan]]:
        by_site: dict[int, list[addressing.Vlan]] = {}
        for vlan in self._vlans:
            by_site.setdefault(vlan.site.id, []).append(vlan)
        return by_site

    @cached_property
    def _cables(self) -> list[cabling.Cable]:
        return cabling.cables(self.inventory)

    @cached_property
    def _plugged(self) -> dict[int, cabling.Cable]:
        """The cable in each interface that has one, by the interface's id."""
        plugged = {}
        for cable in self._cables:
            plugged[cable.a.interface.id] = cable
            if isinstance(cable.b, cabling.Socket):
                plugged[cable.b.interface.id] = cable
        return plugged
