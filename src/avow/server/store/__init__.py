"""The storage spine: units of work on SQLite or PostgreSQL.

A unit is a plain function `unit(tx, ...)`: it has no effect but through `tx`, may be run again, and never catches a
database error. The conventions of a slice's `rows.py`, which tests/architecture/test_statements.py checks:

- Each statement is one constant in capitals, with `:named` parameters, the same text for SQLite and PostgreSQL. It
  names its columns and binds `:project_id`; the few that cannot are listed in `cross_project.py` with the reason.
- Each statement that returns rows has its row class in the same module: `RETURNS = {"FIND": UserRow, ...}`. The
  class is a frozen slotted dataclass whose fields are the selected columns, by name and in order.
- Types are integers, text and bytes. A list is `IN (:ids)` with `in_list`; a search is `Search` over fragments.
"""

from avow.server.store.auditing import About, audit_several
from avow.server.store.backup import backup
from avow.server.store.checks import check_schema, check_secret, ensure
from avow.server.store.cross_project import CROSS_PROJECT
from avow.server.store.jobs import WAIT_SECONDS, Job, Load
from avow.server.store.kv import Kv, MemoryKv, open_kv
from avow.server.store.opening import create, open_store
from avow.server.store.refused import StoreRefused
from avow.server.store.search import MOST_IN_LIST, Search, containing, in_list, many_rows
from avow.server.store.store import Store
from avow.server.store.texts import json_object, json_text
from avow.server.store.tx import Tx

__all__ = [
    "CROSS_PROJECT",
    "MOST_IN_LIST",
    "WAIT_SECONDS",
    "About",
    "Job",
    "Kv",
    "Load",
    "MemoryKv",
    "Search",
    "Store",
    "StoreRefused",
    "Tx",
    "audit_several",
    "backup",
    "check_schema",
    "check_secret",
    "containing",
    "create",
    "ensure",
    "in_list",
    "json_object",
    "json_text",
    "many_rows",
    "open_kv",
    "open_store",
]
