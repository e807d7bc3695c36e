"""Refresh tokens in strict mode: each is good once, a second use ends the sign-in, a grace forgives; both databases."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import jwt as pyjwt
import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import F

from avow.django.jwt.families import Verdict, judge
from avow.django.jwt.models import JWTBlacklist, RefreshFamily
from tests.django.jwt.conftest import KEY, Configure
from tests.django.jwt.visitor import Visitor, claims_of

both_databases = pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)
REFUSED = (401, {"error": "Can't update access token."})
REVOKED = (401, {"error": "Token has been revoked."})
NOW = 1_000_000


@pytest.fixture(autouse=True)
def _strict(configure: Configure) -> None:
    configure(AVOW_JWT_STRICT=True)


def let_pass(seconds: int = 31) -> None:
    """Have every family be older."""
    RefreshFamily.objects.update(rotated_at=F("rotated_at") - seconds)


def said(answer: Any) -> tuple[int, Any]:
    return answer.status_code, answer.json()


def renewed(visitor: Visitor) -> Any:
    return visitor.post("refresh_access", "refresh")


def copy_of(visitor: Visitor) -> Visitor:
    """Return somebody else who has the same refresh token."""
    other = Visitor()
    if other.mode != "JSON":
        other.sign_in("wrong")  # brings a CSRF token
    other.has(refresh=visitor.refresh)
    return other


@pytest.mark.parametrize(
    ("generation", "age", "changes", "verdict"),
    [
        (3, 0, {}, Verdict.CURRENT),
        (3, 29, {}, Verdict.CURRENT),
        (3, 30, {}, Verdict.ROTATES),
        (2, 29, {}, Verdict.CURRENT),
        (2, 30, {}, Verdict.REUSED),
        (1, 0, {}, Verdict.REUSED),
        (4, 0, {}, Verdict.REUSED),
        ("3", 0, {}, Verdict.REUSED),
        (3, 0, {"revoked_at": NOW}, Verdict.ENDED),
        (3, 90, {"expires_at": NOW}, Verdict.ENDED),
        (3, 90, {"expires_at": NOW + 1}, Verdict.ROTATES),
    ],
)
def test_verdict(generation: object, age: int, changes: dict[str, int], verdict: Verdict) -> None:
    family = RefreshFamily(**{"sid": "x", "generation": 3, "rotated_at": NOW - age, "expires_at": NOW + 60, **changes})
    assert judge(generation, family, NOW, 30) is verdict


@both_databases
def test_refresh_token_is_another_after_the_grace(database: str, mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    first = claims_of(visitor.refresh)
    let_pass()
    assert renewed(visitor).status_code == 200
    second = claims_of(visitor.refresh)
    assert (second["gen"], second["sid"], second["exp"]) == (1, first["sid"], first["exp"])
    assert second["jti"] != first["jti"]
    assert claims_of(visitor.access)["sid"] == first["sid"]
    assert visitor.get("/protect/").status_code == 200


def test_within_the_grace_the_same_comes_again(mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    before = visitor.refresh
    assert renewed(visitor).status_code == 200
    assert visitor.refresh == before
    assert RefreshFamily.objects.get().generation == 0


def test_two_tabs_and_a_lost_answer_go_on(mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    tab = copy_of(visitor)
    let_pass()
    renewed(visitor)
    assert renewed(tab).status_code == 200
    assert claims_of(tab.refresh) == claims_of(visitor.refresh)
    let_pass()
    assert renewed(tab).status_code == 200
    assert renewed(visitor).status_code == 200


@both_databases
def test_copy_used_after_the_grace_ends_the_sign_in(database: str, mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    thief = copy_of(visitor)
    let_pass()
    renewed(visitor)
    let_pass()
    assert said(renewed(thief)) == REFUSED
    assert said(renewed(visitor)) == REVOKED
    assert said(visitor.get("/protect/")) == REVOKED
    assert RefreshFamily.objects.get().revoked_at is not None
    again = Visitor()
    assert again.sign_in().status_code == 200
    assert again.get("/protect/").status_code == 200


def test_thief_who_is_faster_is_found_by_the_owner(mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    thief = copy_of(visitor)
    let_pass()
    assert renewed(thief).status_code == 200
    let_pass()
    assert said(renewed(visitor)) == REFUSED
    assert said(renewed(thief)) == REVOKED
    assert said(thief.get("/protect/")) == REVOKED


@both_databases
def test_of_many_at_once_one_rotates(database: str, visitor: Visitor) -> None:
    visitor.sign_in()
    let_pass()
    answers: list[tuple[int, str]] = []
    start = threading.Barrier(8)

    def renew() -> None:
        other = copy_of(visitor)
        start.wait()
        answers.append((renewed(other).status_code, claims_of(other.refresh)["jti"]))
        connection.close()

    threads = [threading.Thread(target=renew) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [status for status, _ in answers] == [200] * 8
    assert len({jti for _, jti in answers}) == 1
    assert RefreshFamily.objects.get().generation == 1


@contextlib.contextmanager
def before_the_write(change: Callable[[], object]) -> Iterator[None]:
    """Have somebody else change the family just before the first statement that would rotate it."""
    is_done = False

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal is_done
        if not is_done and sql.startswith("UPDATE") and "generation" in sql.partition("WHERE")[0]:
            is_done = True
            change()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        yield
    assert is_done


@both_databases
def test_family_that_ends_meanwhile_does_not_rotate(database: str, mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    let_pass()
    with before_the_write(lambda: RefreshFamily.objects.update(revoked_at=1)):
        assert said(renewed(visitor)) == REFUSED
    assert RefreshFamily.objects.get().generation == 0


@both_databases
def test_whoever_loses_the_race_is_answered_with_the_winners_token(database: str, mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    let_pass()
    rotated_at = int(time.time()) - 5
    with before_the_write(lambda: RefreshFamily.objects.update(generation=1, rotated_at=rotated_at)):
        assert renewed(visitor).status_code == 200
    assert (claims_of(visitor.refresh)["gen"], claims_of(visitor.refresh)["iat"]) == (1, rotated_at)
    assert RefreshFamily.objects.get().rotated_at == rotated_at


@both_databases
def test_slow_writer_does_not_turn_the_family_back(database: str, visitor: Visitor) -> None:
    visitor.sign_in()
    let_pass()
    later = {"generation": 2, "rotated_at": int(time.time())}
    with before_the_write(lambda: RefreshFamily.objects.update(**later)):
        assert said(renewed(visitor)) == REFUSED  # it is two behind by now
    assert RefreshFamily.objects.get().generation == 2


def test_grace_is_a_setting(visitor: Visitor, configure: Configure) -> None:
    configure(AVOW_JWT_ROTATION_GRACE=timedelta(0))
    visitor.sign_in()
    other = copy_of(visitor)
    assert renewed(visitor).status_code == 200
    assert said(renewed(other)) == REFUSED


def test_expiry_moves_with_update_only(mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    RefreshFamily.objects.update(expires_at=F("expires_at") - 1000)
    let_pass()
    renewed(visitor)
    ends_at = claims_of(visitor.refresh)["exp"]
    assert ends_at <= time.time() + 86_400 - 1000 + 5
    assert visitor.post("update_refresh", "refresh").status_code == 200
    moved = claims_of(visitor.refresh)
    assert moved["exp"] >= ends_at + 1000
    assert RefreshFamily.objects.get().expires_at == moved["exp"]
    assert moved["gen"] == 1  # still young: the same generation


def test_access_token_does_not_outlive_the_refresh_token(visitor: Visitor) -> None:
    visitor.sign_in()
    ends_at = int(time.time()) + 100
    RefreshFamily.objects.update(expires_at=ends_at)
    let_pass()
    renewed(visitor)
    assert claims_of(visitor.access)["exp"] == ends_at


def test_user_is_read_anew(mode: str, visitor: Visitor, alice: Any) -> None:
    visitor.sign_in()
    alice.user_permissions.add(Permission.objects.first())
    alice.username = "alice2"
    alice.save()
    assert renewed(visitor).status_code == 200
    for token in (visitor.refresh, visitor.access):
        user = claims_of(token)["user"]
        assert (user["username"], user["id"], len(user["perms"])) == ("alice2", alice.pk, 1)


@pytest.mark.parametrize("route", ["refresh_access", "update_refresh"])
@pytest.mark.parametrize("what", ["deleted", "inactive", "another password"])
def test_user_who_changed_is_refused(mode: str, visitor: Visitor, alice: Any, route: str, what: str) -> None:
    visitor.sign_in()
    if what == "deleted":
        alice.delete()
    elif what == "inactive":
        alice.is_active = False
        alice.save()
    else:
        alice.set_password("another 1")
        alice.save()
    answer = visitor.post(route, "refresh")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer realm=api")


def test_reissued_id_opens_nothing(mode: str, visitor: Visitor, alice: Any) -> None:
    visitor.sign_in()
    family = RefreshFamily.objects.get()
    family.user_pk = "another"
    family.save()
    assert said(renewed(visitor)) == REFUSED
    assert alice.is_active


def test_family_that_is_gone_is_refused(mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    RefreshFamily.objects.all().delete()
    assert said(renewed(visitor)) == REFUSED


def test_token_from_before_strict_mode_begins_a_family(mode: str, visitor: Visitor, configure: Configure) -> None:
    configure(AVOW_JWT_STRICT=False)
    visitor.sign_in()
    old = claims_of(visitor.refresh)
    visitor.has(refresh=pyjwt.encode(old | {"iat": old["iat"] - 60}, KEY))
    thief = copy_of(visitor)
    configure(AVOW_JWT_STRICT=True)
    assert renewed(visitor).status_code == 200
    now = claims_of(visitor.refresh)
    assert (now["sid"], now["gen"], now["exp"]) == (old["jti"], 1, old["exp"])
    let_pass()
    assert said(renewed(thief)) == REFUSED
    assert said(renewed(visitor)) == REVOKED


def test_tokens_ended_before_strict_mode_stay_so(mode: str, visitor: Visitor, configure: Configure) -> None:
    configure(AVOW_JWT_STRICT=False)
    visitor.sign_in()
    visitor.post("logout", "refresh")
    configure(AVOW_JWT_STRICT=True)
    assert said(renewed(visitor)) == REVOKED
    assert said(visitor.get("/protect/")) == REVOKED  # it shares the jti


def test_reserved_claims_are_not_the_projects(visitor: Visitor, configure: Configure) -> None:
    forged = {"sid": "x", "gen": 9, "jti": "x", "exp": 1, "iat": 1, "type": "access", "own": 1}
    configure(AVOW_JWT_PROCESS_CLAIMS=lambda user, *_: {**forged, "user": {"id": user.pk}})
    visitor.sign_in()
    claims = claims_of(visitor.refresh)
    assert claims["own"] == 1
    assert {name for name, value in forged.items() if claims[name] == value} == {"own"}
    assert visitor.get("/protect/").status_code == 200


def test_no_token_is_kept(mode: str, visitor: Visitor) -> None:
    visitor.sign_in()
    tokens = (visitor.refresh, visitor.access)
    visitor.post("logout", "refresh")
    rows = [*JWTBlacklist.objects.values(), *RefreshFamily.objects.values()]
    assert rows
    assert not any(token in str(row) for token in tokens for row in rows)
