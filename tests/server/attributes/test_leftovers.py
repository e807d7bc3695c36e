"""What stays of custom attributes when their owner is deleted while somebody changes them: nothing."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from avow.server.accesskeys import actions as accesskeys
from avow.server.accounts import actions as accounts
from avow.server.attributes import actions as attributes
from avow.server.store import Tx
from avow.testing.server import Avow
from avow.wire.accesskeys import UpdateAccessKey
from avow.wire.accounts import PatchUser
from avow.wire.attributes import AttributeDefinition
from tests.factories import make_access_key, make_user, new_email

VALUES = "SELECT owner_id FROM attribute_values WHERE project_id = :project_id"


def left_by(avow: Avow, change: Callable[[Tx], object], delete: Callable[[Tx], object]) -> list[str]:
    """Delete while the change is written and not committed, and return whose values there are."""
    is_written = threading.Event()

    def changing(tx: Tx) -> None:
        change(tx)
        is_written.set()
        threading.Event().wait(0.2)

    with ThreadPoolExecutor(1) as pool:
        changed = pool.submit(avow.run, changing)
        assert is_written.wait(60)
        avow.run(delete)
        changed.result()
    return avow.run(lambda tx: tx.all(VALUES, str))


def test_deleted_user_leaves_no_values_of_a_change_in_this_moment(avow: Avow) -> None:
    login_id = new_email()
    user_id = make_user(avow, login_id)
    team = AttributeDefinition(name="team", type="string")
    avow.run(lambda tx: attributes.define(tx, "user", [team], actor="command"))
    wanted = PatchUser(login_id=login_id, custom_attributes={"team": "red"})
    assert not left_by(
        avow,
        lambda tx: accounts.patch(tx, wanted, actor="command"),
        lambda tx: accounts.delete(tx, [user_id], actor="command"),
    )


def test_deleted_access_key_leaves_no_values_of_a_change_in_this_moment(avow: Avow) -> None:
    key_id = make_access_key(avow)[0]
    wanted = UpdateAccessKey(id=key_id, name="job", custom_attributes={"team": "red"})
    assert not left_by(
        avow,
        lambda tx: accesskeys.update(tx, wanted, actor="command"),
        lambda tx: accesskeys.delete(tx, [key_id], actor="command"),
    )
