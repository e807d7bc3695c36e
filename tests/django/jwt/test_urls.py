"""The routes: names, paths, and what settings change about them."""

import pytest
from django.urls import NoReverseMatch, reverse

from tests.django.jwt.conftest import Configure
from tests.django.jwt.visitor import Visitor

PATHS = {
    "login": "/login/",
    "logout": "/api/token/refresh/logout/",
    "validate_access": "/validate_access/",
    "validate_refresh": "/api/token/refresh/validate_refresh/",
    "refresh_access": "/api/token/refresh/refresh_access/",
    "update_refresh": "/api/token/refresh/update_refresh/",
}


def test_routes_have_their_names() -> None:
    assert {name: reverse(name) for name in PATHS} == PATHS


@pytest.mark.parametrize("name", PATHS)
def test_every_route_answers(mode: str, visitor: Visitor, name: str) -> None:
    visitor.sign_in()
    if name == "login":
        answer = visitor.sign_in()
    else:
        answer = visitor.post(name, "access" if name == "validate_access" else "refresh")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"


def test_update_route_is_there_while_the_setting_allows_it(configure: Configure) -> None:
    configure(DJWTO_ALLOW_REFRESH_UPDATE=False, ROOT_URLCONF="avow.django.jwt.urls")
    with pytest.raises(NoReverseMatch):
        reverse("update_refresh")
    assert reverse("refresh_access") == PATHS["refresh_access"]
    configure(DJWTO_ALLOW_REFRESH_UPDATE=True, ROOT_URLCONF="avow.django.jwt.urls")
    assert reverse("update_refresh") == PATHS["update_refresh"]


def test_path_of_refresh_tokens_is_a_setting(cookie_mode: str, visitor: Visitor, configure: Configure) -> None:
    configure(DJWTO_REFRESH_COOKIE_PATH="tokens/long", ROOT_URLCONF="avow.django.jwt.urls")
    answer = visitor.sign_in()
    assert answer.cookies["jwt_refresh"]["path"] == "/tokens/long"
    assert reverse("logout") == "/tokens/long/logout/"
    assert visitor.post("refresh_access", "refresh").status_code == 200


def test_module_of_routes_has_no_other_names() -> None:
    from avow.django.jwt import urls

    with pytest.raises(AttributeError):
        urls.nothing  # noqa: B018 - the attribute is asked for
