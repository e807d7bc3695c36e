"""POST /v1/mgmt/user/create/batch: users who bring a password or a TOTP seed."""

import base64
import threading
from typing import Any

import bcrypt
import pytest

from avow.core.passwords import hashed, needs_rehash, verify
from avow.core.totp import sealed_row
from avow.server.accounts import newcomers
from avow.server.passwords import actions as passwords
from avow.server.store import Tx
from avow.testing.server import Avow
from tests.factories import make_tenant, new_email
from tests.server.api import Api, Reply, Statements

BATCH = "/v1/mgmt/user/create/batch"
GOOD = "correct horse battery"
BCRYPT = bcrypt.hashpw(GOOD.encode(), bcrypt.gensalt(4)).decode()
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def batch(api: Api, *users: dict[str, Any]) -> Reply:
    return api.post(BATCH, {"users": list(users), "invite": False}, token=api.avow.management_key)


def held(avow: Avow, user_id: str) -> passwords.HeldRow | None:
    return avow.run(lambda tx: passwords.held(tx, user_id))


def test_password_in_clear_is_hashed(api: Api, avow: Avow) -> None:
    (user,) = batch(api, {"loginId": new_email(), "password": GOOD})["createdUsers"]
    assert user["password"]
    found = held(avow, user["userId"])
    assert found is not None
    assert (found.state, verify(found.encoded, GOOD), needs_rehash(found.encoded)) == ("active", True, False)


def test_password_of_another_system_is_kept_as_it_was_hashed(api: Api, avow: Avow) -> None:
    (user,) = batch(api, {"loginId": new_email(), "hashedPassword": {"bcrypt": {"hash": BCRYPT}}})["createdUsers"]
    assert user["password"]
    found = held(avow, user["userId"])
    assert found is not None
    assert (verify(found.encoded, GOOD), needs_rehash(found.encoded)) == (True, True)


def test_user_whom_django_gives_no_password_has_none(api: Api, avow: Avow) -> None:
    (user,) = batch(api, {"loginId": new_email(), "hashedPassword": {"django": {"hash": "!x"}}})["createdUsers"]
    assert not user["password"]


def test_seed_is_sealed_and_opens_again(api: Api, avow: Avow) -> None:
    (user,) = batch(api, {"loginId": new_email(), "seed": SEED.lower()})["createdUsers"]
    assert user["TOTP"]
    query = "SELECT sealed_seed AS sealed FROM totp_seeds WHERE project_id = :project_id AND user_id = :user_id"

    def opened(tx: Tx) -> bytes:
        row = tx.one(query, Sealed, user_id=user["userId"])
        assert row is not None
        return tx.vault.open(bytes(row.sealed), row=sealed_row(tx.project_id, user["userId"]))

    assert avow.run(opened) == base64.b32decode(SEED)


class Sealed:
    def __init__(self, sealed: bytes) -> None:
        self.sealed = sealed


def test_each_stands_for_itself(api: Api) -> None:
    names = [new_email() for _ in range(7)]
    answer = batch(
        api,
        {"loginId": names[0], "password": GOOD},
        {"loginId": names[1], "password": "short"},
        {"loginId": names[2], "password": names[2]},
        {"loginId": names[3], "password": GOOD, "hashedPassword": {"bcrypt": {"hash": BCRYPT}}},
        {"loginId": names[4], "hashedPassword": {"bcrypt": {"hash": "$2b$31" + BCRYPT[6:]}}},
        {"loginId": names[5], "seed": "not a seed!"},
        {"loginId": names[6]},
    )
    assert [user["email"] for user in answer["createdUsers"]] == [names[0], names[6]]
    assert [each["user"]["loginIds"] for each in answer["failedUsers"]] == [[name] for name in names[1:6]]
    assert GOOD not in str(answer.body)
    assert BCRYPT not in str(answer.body)


def test_settings_of_the_tenants_that_they_join_apply(api: Api, avow: Avow) -> None:
    make_tenant(avow, tenant_id="acme")
    wanted = {"tenantId": "acme", "minLength": 30}
    assert api.post("/v1/mgmt/password/settings", wanted, token=avow.management_key).status == 200
    tenants = [{"tenantId": "acme"}]
    answer = batch(
        api,
        {"loginId": new_email(), "password": GOOD, "userTenants": tenants},
        {"loginId": (free := new_email()), "password": GOOD},
    )
    assert [user["email"] for user in answer["createdUsers"]] == [free]


def test_hashing_is_done_aside(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []

    def noted(password: str) -> str:
        threads.append(threading.current_thread().name)
        return hashed(password)

    for module in (newcomers, passwords):
        monkeypatch.setattr(module, "hashed", noted)
    batch(api, *({"loginId": new_email(), "password": GOOD} for _ in range(2)), {"loginId": (email := new_email())})
    body = {"loginId": email, "password": GOOD}
    assert api.post("/v1/mgmt/user/password/set/active", body, token=api.avow.management_key).status == 200
    assert len(threads) == 3
    assert all(name.startswith("avow-aside") for name in threads)


def test_too_many_passwords_in_clear_are_refused_at_once(api: Api) -> None:
    users = [{"loginId": new_email(), "password": GOOD} for _ in range(newcomers.MOST_CLEAR + 1)]
    assert batch(api, *users).refusal == (400, "E011004")
    assert api.get("/v1/mgmt/user", {"loginId": users[0]["loginId"]}, token=api.avow.management_key).status == 404


def test_hashes_cost_one_statement_for_each_user(api: Api, statements: Statements) -> None:
    users: list[dict[str, Any]] = [{"loginId": new_email()} for _ in range(20)]
    with statements:
        batch(api, *users)
    plain = len(statements.ran)
    users = [{"loginId": new_email(), "hashedPassword": {"bcrypt": {"hash": BCRYPT}}} for _ in range(20)]
    with statements:
        assert len(batch(api, *users)["createdUsers"]) == 20
    assert statements.ran.count("passwords.PUT") == 20
    assert len(statements.ran) <= plain + 20
