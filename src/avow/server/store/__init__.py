"""The storage spine: units of work on SQLite or PostgreSQL, and the conventions of a slice's `rows.py`."""

from avow.server.store.checks import check_schema, check_secret
from avow.server.store.jobs import Job
from avow.server.store.opening import create, open_store
from avow.server.store.refused import StoreRefused
from avow.server.store.store import Store
from avow.server.store.tx import Tx

__all__ = ["Job", "Store", "StoreRefused", "Tx", "check_schema", "check_secret", "create", "open_store"]
