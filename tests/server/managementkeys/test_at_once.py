"""Two changes of one key at the same moment: neither takes the other back."""

import threading
from collections.abc import Callable

import pytest

from avow.core.rights import EVERYTHING, Grant
from avow.server.keys import actions as keys
from avow.server.managementkeys import actions
from avow.server.serving import ManagementCaller
from avow.server.store import Tx
from avow.testing.server import Avow
from avow.wire.managementkeys import UpdateManagementKey

CALLER = ManagementCaller("", Grant(EVERYTHING))
NARROW = ("192.0.2.0/24",)
_MOMENT = 1.0  # what waits for a lock waits for longer


class Beside:
    """Runs a unit in the moment in which another has read, and not yet written."""

    def __init__(self, avow: Avow, unit: Callable[[Tx], object]) -> None:
        self.thread = threading.Thread(target=lambda: avow.run(unit))
        self._is_begun = False

    def begin(self) -> None:
        """Run it to its end, or until it waits for the other; once."""
        if not self._is_begun:
            self._is_begun = True
            self.thread.start()
            self.thread.join(_MOMENT)

    def end(self) -> None:
        assert self._is_begun, "the other change has read nothing"
        self.thread.join()


def test_naming_a_management_key_leaves_the_addresses_that_another_call_narrows(
    avow: Avow, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_id, _ = avow.run(lambda tx: keys.create_management_key(tx, "leaked", rights=("*",)))

    def wish(name: str, permitted_ips: tuple[str, ...] | None) -> Callable[[Tx], None]:
        body = UpdateManagementKey(id=key_id, name=name, description="", permitted_ips=permitted_ips, status="active")
        return lambda tx: actions.update(tx, CALLER, body)

    beside, get = Beside(avow, wish("leaked", NARROW)), actions.get

    def get_and_wait(tx: Tx, id: str) -> keys.ManagementKeyRow:
        found = get(tx, id)
        if threading.current_thread() is not beside.thread:
            beside.begin()
        return found

    monkeypatch.setattr(actions, "get", get_and_wait)
    avow.run(wish("renamed", None))
    beside.end()
    assert keys.permitted_ips_of(avow.run(lambda tx: get(tx, key_id))) == NARROW
