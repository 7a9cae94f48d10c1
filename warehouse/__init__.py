"""Where PostgreSQL is: connection settings, the embedded server, roles and grants.

The only package that knows a host, a port or a password. Everything else asks
`Warehouse.current()`.
"""

from warehouse.databases import Warehouse
from warehouse.errors import WarehouseError

__all__ = ["Warehouse", "WarehouseError"]
