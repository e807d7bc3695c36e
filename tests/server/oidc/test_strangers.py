"""Applications that strangers registered: so many at most, deleted where nobody uses them, in no snapshot."""

from typing import Any

import pytest

from avow.errors import InvalidArgument
from avow.server.applications import actions, consents, registered
from avow.server.operations.housekeeping import Housekeeper
from avow.server.projects import actions as projects
from avow.server.snapshots import layout
from avow.server.store import Tx
from avow.testing.server import Avow
from avow.wire.applications import CreateApplication, UpdateApplication
from tests.factories import make_user, new_email
from tests.server.api import Api
from tests.server.oidc.relying import API, REDIRECT, Reply, Rp, landed, make_api, make_app

WEEK = 7 * 86_400
SNAPSHOT = "/v1/mgmt/project/snapshot"


@pytest.fixture
def caller(project: Avow) -> Rp:
    project.run(lambda tx: projects.change_settings(tx, {"allowsRegistration": True}, actor="test"))
    project.advance(3)
    return Rp(project, "nobody")


def register(rp: Rp, **said: Any) -> Reply:
    return rp.call("/oidc/register", as_json={"redirect_uris": [REDIRECT], "client_name": "Shop", **said})


def made(rp: Rp) -> str:
    found: str = register(rp)["client_id"]
    return found


def there(rp: Rp) -> set[str]:
    return rp.avow.run(lambda tx: {each.id for each in actions.every(tx)})


def keep_house(rp: Rp) -> None:
    Housekeeper(rp.avow.server.site.store).run_once()


def test_what_nobody_has_allowed_goes_after_a_week(caller: Rp) -> None:
    young = made(caller)
    caller.avow.advance(WEEK - 1)
    keep_house(caller)
    assert young in there(caller)
    caller.avow.advance(1)
    keep_house(caller)
    assert there(caller) == set()
    said = {"actions": ["application.deleted"]}
    [told] = Api(caller.avow).post("/v1/mgmt/audit/search", said, token=caller.avow.management_key)["audits"]
    assert (told["actorId"], told["data"]) == ("housekeeping", {"application": young})


def test_application_that_is_gone_is_nobody_at_once(caller: Rp) -> None:
    reply = register(caller)
    rp = Rp(caller.avow, reply["client_id"], reply["client_secret"])
    caller.avow.advance(WEEK)
    assert rp.redeem("x").error == (400, "invalid_grant")
    keep_house(caller)
    caller.avow.advance(3)
    assert rp.redeem("x").error == (401, "invalid_client")


def test_what_is_used_or_managed_stays(caller: Rp) -> None:
    avow = caller.avow
    make_api(avow, "read:messages")
    consented, granted, trusted, given, named, changed = (made(caller) for _ in range(6))
    managed = make_app(avow, trusted=False).id
    user = make_user(avow, new_email())

    def unit(tx: Tx) -> None:
        consents.add(tx, consented, user, {"": ["openid"]})
        actions.update(tx, UpdateApplication(id=trusted, trusted=True), is_open=False, actor="test")
        actions.grant(tx, given, API, ["read:messages"], actor="test")
        tx.run(
            "INSERT INTO user_applications (project_id, user_id, application_id) VALUES (:project_id, :user, :id)",
            user=user,
            id=named,
        )

    avow.run(unit)
    avow.advance(WEEK - 86_400)
    avow.run(lambda tx: actions.update(tx, UpdateApplication(id=changed, name="Mine"), is_open=False, actor="test"))
    begin_grant(caller, granted)
    avow.advance(86_400)
    keep_house(caller)
    assert there(caller) == {consented, granted, trusted, given, named, changed, managed}


def begin_grant(caller: Rp, application_id: str) -> None:
    """Let somebody allow an application something, and take back the consent alone."""
    rp = Rp(caller.avow, application_id)
    browser = rp.browser()
    landed(browser.submit(rp.sign_in(browser, rp.ask(browser), new_email()).form(), "allow"))
    caller.avow.run(lambda tx: consents.forget(tx, application_id, 10))


def test_they_go_some_at_a_time(caller: Rp) -> None:
    for _ in range(5):
        made(caller)
    caller.avow.advance(WEEK)
    steps = [caller.avow.run(lambda tx: registered.forget(tx, 2)) for _ in range(4)]
    assert steps == [2, 2, 1, 0]


def test_there_are_so_many_at_most(caller: Rp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registered, "MOST", 2)
    make_app(caller.avow)
    first, _ = made(caller), made(caller)
    refused = register(caller)
    assert refused.error == (403, "access_denied")
    assert "ask whoever runs it" in refused.body["error_description"]
    trusted = UpdateApplication(id=first, trusted=True)
    caller.avow.run(lambda tx: actions.update(tx, trusted, is_open=False, actor="test"))
    assert register(caller).status == 201
    assert register(caller).status == 403


def test_snapshots_leave_them_out(caller: Rp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "MOST_LISTED", 1)
    key, own = caller.avow.management_key, make_app(caller.avow)
    stranger, _ = made(caller), made(caller)
    files = Api(caller.avow).post(f"{SNAPSHOT}/export", token=key)["files"]
    assert [each["id"] for each in files["applications.json"]["applications"]] == [own.id]
    assert Api(caller.avow).post(f"{SNAPSHOT}/import", {"files": files}, token=key).status == 200
    files["applications.json"]["applications"][0]["id"] = stranger
    refused = Api(caller.avow).post(f"{SNAPSHOT}/import", {"files": files}, token=key)
    assert refused.status == 400
    assert "registered itself" in str(refused.body)


def test_management_gives_no_such_id(caller: Rp) -> None:
    wanted = CreateApplication(id=f"{registered.PREFIX}shop", name="Shop", settings={"redirectUris": [REDIRECT]})
    with pytest.raises(InvalidArgument, match="register themselves"):
        caller.avow.run(lambda tx: actions.create(tx, wanted, is_open=False, actor="test"))
