"""What a made-up provider's customers own: names, places, roles, hardware and platforms."""

from __future__ import annotations

from typing import NamedTuple


class City(NamedTuple):
    code: str
    name: str
    region: str
    country: str
    time_zone: str
    latitude: float
    longitude: float


class Role(NamedTuple):
    """A device role; `shape` names the daily load profile of its devices."""

    name: str
    slug: str
    short: str
    color: str
    shape: str
    is_network: bool


class Model(NamedTuple):
    manufacturer: str
    name: str
    kind: str


class Platform(NamedTuple):
    """An operating system as NetBox, and as Wazuh's agents, name it."""

    name: str
    slug: str
    os_name: str
    os_platform: str
    os_version: str
    uname: str


CUSTOMERS = (
    "Nordlicht Logistik GmbH",
    "Harbour & Lane Retail Ltd",
    "Alpina Medizintechnik AG",
    "Castor Insurance Group",
    "Brightwater Utilities",
    "Lindenhof Kliniken gGmbH",
    "Meridian Freight Lines",
    "Steinbach Maschinenbau AG",
    "Oakfield Building Society",
    "Rheintal Energie GmbH",
    "Pinecrest Hotels Ltd",
    "Valora Dental Labs",
    "Kestrel Aviation Services",
    "Sonnenfeld Agrar eG",
    "Whitcombe & Sons Solicitors",
    "Hanse Kühlhaus GmbH",
    "Tidewater Shipping Co",
    "Bergmann Optik AG",
    "Fairholm School Trust",
    "Donau Druckhaus GmbH",
    "Silverbrook Brewery",
    "Kantonale Treuhand Zürich",
    "Larkspur Media Group",
    "Eifel Papierwerke GmbH",
    "Northgate Pharmacies",
    "Quellwasser Getränke AG",
    "Redwood Property Partners",
    "Isar Softwarehaus GmbH",
    "Copperfield Engineering Ltd",
    "Weserbergland Möbel KG",
    "Summit Outdoor Stores",
    "Ostsee Reederei GmbH",
    "Ashdown Veterinary Clinics",
    "Bodensee Präzision AG",
    "Greenbank Foods Ltd",
    "Taunus Privatbank",
    "Mistral Textiles",
    "Albatros Reisen GmbH",
    "Ironbridge Metals Ltd",
    "Karwendel Bergbahnen AG",
)

CITIES = (
    City("fra", "Frankfurt", "Central Europe", "DE", "Europe/Berlin", 50.110924, 8.682127),
    City("lon", "London", "British Isles", "GB", "Europe/London", 51.507351, -0.127758),
    City("zrh", "Zürich", "Central Europe", "CH", "Europe/Zurich", 47.376887, 8.541694),
    City("nyc", "New York", "North America", "US", "America/New_York", 40.712776, -74.005974),
    City("ham", "Hamburg", "Central Europe", "DE", "Europe/Berlin", 53.551086, 9.993682),
    City("dub", "Dublin", "British Isles", "IE", "Europe/Dublin", 53.349805, -6.26031),
    City("muc", "München", "Central Europe", "DE", "Europe/Berlin", 48.135124, 11.581981),
    City("sin", "Singapore", "Asia Pacific", "SG", "Asia/Singapore", 1.352083, 103.819836),
    City("vie", "Wien", "Central Europe", "AT", "Europe/Vienna", 48.208174, 16.373819),
    City("man", "Manchester", "British Isles", "GB", "Europe/London", 53.480759, -2.242631),
)

ROLES = (
    Role("Web server", "web-server", "web", "2196f3", "office", False),
    Role("Application server", "application-server", "app", "3f51b5", "office", False),
    Role("Database server", "database-server", "db", "9c27b0", "office", False),
    Role("File server", "file-server", "file", "009688", "office", False),
    Role("Mail server", "mail-server", "mail", "ff9800", "office", False),
    Role("Domain controller", "domain-controller", "dc", "795548", "morning", False),
    Role("Backup server", "backup-server", "bkp", "607d8b", "night", False),
    Role("Virtualization host", "virtualization-host", "vhost", "4caf50", "flat", False),
    Role("Access switch", "access-switch", "sw", "00bcd4", "office", True),
    Role("Core switch", "core-switch", "core", "03a9f4", "office", True),
    Role("Firewall", "firewall", "fw", "f44336", "office", True),
    Role("Router", "router", "rtr", "ffc107", "office", True),
)
SERVER_ROLES = tuple(role for role in ROLES if not role.is_network)
NETWORK_ROLES = tuple(role for role in ROLES if role.is_network)
PATCH_PANEL = Role("Patch panel", "patch-panel", "pp", "9e9e9e", "flat", True)

MODELS = (
    Model("Dell", "PowerEdge R650", "server"),
    Model("HPE", "ProLiant DL360 Gen10", "server"),
    Model("Lenovo", "ThinkSystem SR630 V2", "server"),
    Model("VMware, Inc.", "VMware7,1", "virtual"),
    Model("QEMU", "Standard PC (Q35 + ICH9, 2009)", "virtual"),
    Model("Juniper", "EX4300-48T", "switch"),
    Model("Cisco", "Catalyst 9300-48P", "switch"),
    Model("Fortinet", "FortiGate 100F", "firewall"),
    Model("Cisco", "ISR 4331", "router"),
    Model("Panduit", "DP48688TGY", "panel"),
)
KIND_OF_ROLE = {"sw": "switch", "core": "switch", "fw": "firewall", "rtr": "router", "pp": "panel"}

PLATFORMS = (
    Platform("Ubuntu 22.04", "ubuntu-22-04", "Ubuntu", "ubuntu", "22.04.4 LTS", "5.15.0-101"),
    Platform("Debian 12", "debian-12", "Debian GNU/Linux", "debian", "12", "6.1.0-21-amd64"),
    Platform("Rocky Linux 9", "rocky-9", "Rocky Linux", "rocky", "9.4", "5.14.0-427.el9"),
    Platform(
        "Windows Server 2022",
        "windows-server-2022",
        "Microsoft Windows Server 2022 Standard",
        "windows",
        "10.0.20348.2461",
        "",
    ),
)
LINUX_PLATFORMS, WINDOWS = PLATFORMS[:3], PLATFORMS[3]

FIRST_NAMES = (
    "Anna", "Ben", "Clara", "David", "Elif", "Finn", "Greta", "Hugo", "Ines", "Jonas",
    "Katrin", "Liam", "Maya", "Noah", "Olga", "Paul", "Rosa", "Sven", "Tara", "Yusuf",
)  # fmt: skip
LAST_NAMES = (
    "Albrecht", "Becker", "Carter", "Dahl", "Evans", "Fischer", "García", "Huber", "Iversen",
    "Jansen", "Keller", "Lindqvist", "Meyer", "Novak", "O'Brien", "Peters", "Quinn", "Roth",
    "Schmidt", "Taylor", "Ulrich", "Vogel", "Weber", "Ziegler",
)  # fmt: skip
