"""What a unit sees of the database: the statements of one project, its clock and its vault."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

import msgspec

from avow.core.devices import kind
from avow.core.ids import AUDIT, PROJECT, directory_id
from avow.core.vault import Vault
from avow.server.store.rows import INSERT_AUDIT, AuditRow

__all__ = ["Cursor", "Execute", "Tx", "Value"]

R = TypeVar("R")

Value = int | str | bytes | None


class Cursor(Protocol):
    """What both drivers answer to a statement."""

    @property
    def rowcount(self) -> int:
        """Return the rows that the statement changed."""
        ...

    def fetchall(self) -> Sequence[tuple[Value, ...]]:
        """Return all rows."""
        ...


Execute = Callable[[str, dict[str, Value]], Cursor]


class Tx:
    """One transaction of one project; every effect of a unit goes through it.

    `:project_id` and `:now` are bound here, in every statement, and cannot be passed.

    Attributes:
        project_id: The project; "" in the few units that belong to none (`Store.run_anywhere`).
        now: Seconds since the epoch, read once per unit.
        vault: MACs and seals under the installation's secret key.
    """

    __slots__ = ("_execute", "now", "project_id", "signals", "vault")

    def __init__(self, execute: Execute, project_id: str | None, now: int, vault: Vault) -> None:
        self._execute = execute
        self.project_id = project_id or ""
        self.now = now
        self.vault = vault
        self.signals: set[str] | None = None

    def one(self, sql: str, row: Callable[..., R], /, **params: Value) -> R | None:
        """Return the row that the statement finds, or None.

        Args:
            sql: A statement constant that returns at most one row.
            row: Called with the columns, in order.
            **params: Values of the `:named` parameters.

        Raises:
            LookupError: The statement returned several rows, which is a bug in it.
        """
        rows = self._execute(sql, self._bound(params)).fetchall()
        if not rows:
            return None
        if len(rows) > 1:
            raise LookupError(f"{len(rows)} rows where at most one was expected: {sql.strip()}")
        return row(*rows[0])

    def all(self, sql: str, row: Callable[..., R], /, **params: Value) -> list[R]:
        """Return every row that the statement finds."""
        return [row(*columns) for columns in self._execute(sql, self._bound(params)).fetchall()]

    def run(self, sql: str, /, **params: Value) -> int:
        """Run an INSERT, UPDATE or DELETE and return how many rows it changed.

        Raises:
            TypeError: The statement is of another kind, so that it has no such number.
        """
        changed = self._execute(sql, self._bound(params)).rowcount
        if changed < 0:
            raise TypeError(f"run() takes a statement that begins with INSERT, UPDATE or DELETE: {sql.strip()}")
        return changed

    def audit(
        self,
        action: str,
        *,
        outcome: str = "done",
        actor: str = "anyone",
        user_id: str = "",
        tenant_id: str = "",
        address: str = "",
        device: str = "",
        method: str = "",
        data: Mapping[str, object] | None = None,
    ) -> None:
        """Record a fact for ever, in this transaction.

        Args:
            action: What happened, `noun.verb`: session.opened, code.refused.
            outcome: "done" or "refused".
            actor: Who did it: `user:<id>`, `key:<id>`, "anyone" or "command".
            user_id: The user concerned, or "".
            tenant_id: The tenant concerned, or "".
            address: IP address of the caller.
            device: User-Agent of the caller.
            method: Method of sign-in: otp, magiclink, ... or "".
            data: Ids and outcomes only; never a secret.
        """
        written = self.one(
            INSERT_AUDIT,
            AuditRow,
            id=directory_id(AUDIT, self.now),
            action=action,
            outcome=outcome,
            actor=actor,
            user_id=user_id,
            tenant_id=tenant_id,
            address=address,
            device=device,
            device_kind=kind(device),
            method=method,
            data=msgspec.json.encode(data or {}, order="sorted").decode(),
        )
        if written is not None and written.is_unsent:
            self.after_commit("audit")

    def in_new_project(self) -> "Tx":
        """Return this transaction bound to a project that is yet to be inserted.

        Its id is made here, so that no unit comes to the rows of another project that exists.
        """
        return Tx(self._execute, directory_id(PROJECT, self.now), self.now, self.vault)

    def after_commit(self, signal: str) -> None:
        """Have the store call the listener of `signal` once this unit is committed."""
        if self.signals is None:
            self.signals = set()
        self.signals.add(signal)

    def _bound(self, params: dict[str, Value]) -> dict[str, Value]:
        if "project_id" in params or "now" in params:
            raise TypeError("project_id and now are bound by Tx")
        params["now"] = self.now
        if self.project_id:
            params["project_id"] = self.project_id
        return params
