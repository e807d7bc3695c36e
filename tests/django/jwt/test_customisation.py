"""What a project may replace: by assignment, as the djwto tutorial does, and by settings; each calls what was there."""

import uuid
from typing import Any

import pytest
from django.http import HttpRequest

from avow.django.jwt import tokens
from tests.django.jwt.conftest import Configure
from tests.django.jwt.visitor import Visitor, claims_of

EMAIL = "alice@example.com"


def user_with_email(user: Any) -> dict[str, Any]:
    return {
        user.USERNAME_FIELD: user.get_username(),
        "email": user.email,
        "id": user.pk,
        "perms": tokens.process_perms(user),
    }


def two_perms(user: Any) -> list[str]:
    return ["perm1", f"of {user.pk}"]


def claims_for_agent(user: Any, request: HttpRequest, type_: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
    assert (type_, args, kwargs) == ("refresh", ((), {}), {})
    return tokens.process_claims(user, request, type_) | {"agent": request.headers.get("User-Agent", "")}


def replace(how: str, name: str, function: Any, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    if how == "assignment":
        monkeypatch.setattr(tokens, f"process_{name}", function)
    else:
        path = f"{function.__module__}.{function.__name__}"
        configure(**{f"AVOW_JWT_PROCESS_{name.upper()}": path if how == "path" else function})


@pytest.mark.parametrize("how", ["assignment", "path", "function"])
@pytest.mark.parametrize("strict", [False, True])
def test_user_is_said_as_the_project_wants(
    mode: str, visitor: Visitor, configure: Configure, monkeypatch: pytest.MonkeyPatch, how: str, strict: bool
) -> None:
    configure(AVOW_JWT_STRICT=strict)
    replace(how, "user", user_with_email, configure, monkeypatch)
    visitor.sign_in()
    expected = {"username": "alice", "email": EMAIL, "id": claims_of(visitor.access)["user"]["id"], "perms": []}
    assert claims_of(visitor.access)["user"] == expected
    visitor.post("refresh_access", "refresh")
    assert claims_of(visitor.access)["user"] == claims_of(visitor.refresh)["user"] == expected
    if mode == "TWO-COOKIES":
        assert visitor.readable_claims()["user"]["email"] == EMAIL


@pytest.mark.parametrize("how", ["assignment", "path", "function"])
def test_perms_are_those_the_project_wants(
    visitor: Visitor, alice: Any, configure: Configure, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    replace(how, "perms", two_perms, configure, monkeypatch)
    visitor.sign_in()
    assert claims_of(visitor.access)["user"]["perms"] == ["perm1", f"of {alice.pk}"]
    assert visitor.get("/perms_protect/").status_code == 200


@pytest.mark.parametrize("how", ["path", "function"])
def test_claims_are_those_the_project_wants(
    mode: str, visitor: Visitor, configure: Configure, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    replace(how, "claims", claims_for_agent, configure, monkeypatch)
    visitor.sign_in(**{"User-Agent": "tests"})
    assert claims_of(visitor.refresh)["agent"] == claims_of(visitor.access)["agent"] == "tests"


def test_assigned_claims(mode: str, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    original = tokens.process_claims
    monkeypatch.setattr(tokens, "process_claims", lambda *given: original(*given[:3]) | {"own": 1})
    visitor.sign_in()
    assert claims_of(visitor.refresh)["own"] == claims_of(visitor.access)["own"] == 1


def test_setting_comes_before_assignment(
    visitor: Visitor, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "process_perms", lambda user: ["assigned"])
    configure(AVOW_JWT_PROCESS_PERMS=two_perms)
    visitor.sign_in()
    assert claims_of(visitor.access)["user"]["perms"][0] == "perm1"


def test_values_that_json_lacks_are_written_as_django_does(
    mode: str, visitor: Visitor, alice: Any, configure: Configure
) -> None:
    key = uuid.uuid4()
    configure(AVOW_JWT_PROCESS_USER=lambda user: {"id": key, "since": user.date_joined})
    assert visitor.sign_in().status_code == 200
    assert claims_of(visitor.access)["user"]["id"] == str(key)


def test_claims_that_are_no_dict_are_a_wrong_setting(visitor: Visitor, configure: Configure) -> None:
    configure(AVOW_JWT_PROCESS_CLAIMS=lambda *_: "x")
    assert visitor.sign_in().status_code == 500
