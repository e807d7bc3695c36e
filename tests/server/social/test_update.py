"""Connecting a provider to the user of a session."""

import html
import re
from typing import Any

import pytest

from avow import LoginOptions
from avow.errors import AuthException
from avow.testing.server import Avow
from tests.bed.social import PAGE, Social
from tests.bed.visitor import Page, Visitor
from tests.factories import make_totp_seed
from tests.server.api import Api

EMAIL = "mia@example.com"


@pytest.fixture
def refresh_token(api: Api) -> str:
    return str(api.sign_in(EMAIL)["refreshJwt"])


def start(social: Social, refresh_token: str) -> str:
    return social.client.oauth.update_user("acme", refresh_token, PAGE)["url"]


def agreed(page: Page) -> str:
    """Return where the page that asks leads to."""
    [found] = re.findall(r'href="([^"]+)"', page.content.decode())
    return html.unescape(found)


def connect(social: Social, refresh_token: str, visitor: Visitor) -> Page:
    page = visitor.get(start(social, refresh_token))
    return social.come_back(social.open(agreed(page), visitor))


def test_person_is_asked_and_then_connected(social: Social, refresh_token: str, visitor: Visitor) -> None:
    page = visitor.get(start(social, refresh_token))
    text = page.content.decode()
    assert page.status == 200
    assert "m***" in text
    assert EMAIL not in text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    session = social.client.oauth.exchange_token(social.come_back(social.open(agreed(page), visitor)).code)
    assert session["user"]["email"] == EMAIL
    assert session["user"]["OAuth"] == {"acme": True}
    assert session["sessionToken"]["amr"] == ["email", "oauth"]
    assert social.sign_in()["userId"] == session["userId"]


def test_address_of_the_start_alone_connects_nobody(social: Social, refresh_token: str) -> None:
    """Whoever is handed the address of somebody else's start is asked first, in their own browser."""
    url = start(social, refresh_token)
    page = Visitor(social.avow.server.site).get(url)
    victim = Visitor(social.avow.server.site)
    for forged in (url, f"{url}&ok=no", f"{url}&ok=", agreed(page)):
        asked = victim.get(forged)
        assert asked.status == 200, forged
        assert b"Connect acme" in asked.content
    assert social.users()[0]["OAuth"] == {}


def test_identity_of_another_user_stays_theirs(social: Social, refresh_token: str, visitor: Visitor) -> None:
    other = social.sign_in()["userId"]
    assert connect(social, refresh_token, visitor).error == "E061303"
    assert social.sign_in()["userId"] == other


def test_connecting_again_changes_nothing(social: Social, refresh_token: str, visitor: Visitor) -> None:
    assert connect(social, refresh_token, visitor).code
    assert connect(social, refresh_token, visitor).code


def test_session_that_ended_meanwhile_connects_nothing(
    social: Social, refresh_token: str, visitor: Visitor, avow: Avow
) -> None:
    page = visitor.get(start(social, refresh_token))
    journey = social.open(agreed(page), visitor)
    avow.client().logout(refresh_token)
    assert social.come_back(journey).status == 401
    assert social.users()[0]["OAuth"] == {}


def test_session_that_ends_while_the_provider_is_asked_connects_nothing(
    social: Social, refresh_token: str, visitor: Visitor, avow: Avow
) -> None:
    page = visitor.get(start(social, refresh_token))
    journey = social.open(agreed(page), visitor)
    social.peer.meanwhile("/token", lambda: avow.client().logout_all(refresh_token))
    assert social.come_back(journey).error == "E061301"
    assert social.users()[0]["OAuth"] == {}
    assert "session that asked" in social.audited()[0]["data"]["reason"]


def test_session_that_did_not_show_the_app_of_its_user_connects_nothing(
    social: Social, refresh_token: str, visitor: Visitor, avow: Avow
) -> None:
    """Whoever began with one factor brings no way of their own in beside an app that came meanwhile."""
    page = visitor.get(start(social, refresh_token))
    journey = social.open(agreed(page), visitor)
    make_totp_seed(avow, social.users()[0]["userId"])
    assert social.come_back(journey).error == "E061401"
    assert social.users()[0]["OAuth"] == {}
    assert social.audited()[0]["data"]["reason"] == "a factor was not shown"


def test_old_session_has_to_step_up_first(social: Social, refresh_token: str, avow: Avow) -> None:
    avow.advance(3601)
    with pytest.raises(AuthException) as refused:
        start(social, refresh_token)
    assert refused.value.status_code == 403


def test_nobody_connects_without_a_session(social: Social, api: Api) -> None:
    path = "/v1/auth/oauth/authorize/update"
    reply = api.send("POST", path, {}, query=f"provider=acme&redirectURL={PAGE}")
    assert reply.status == 401


# --- Step-up and second factor ---------------------------------------------------------------------------------


def stepped(social: Social, refresh_token: str, **options: Any) -> Page:
    return social.arrive(login_options=LoginOptions(**options), refresh_token=refresh_token)


def test_step_up_asks_for_a_new_proof(social: Social) -> None:
    first = social.sign_in()
    token = first["refreshSessionToken"]["jwt"]
    url = social.start(login_options=LoginOptions(stepup=True), refresh_token=token)
    asked = social.open(url).asked
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    session: Any = social.client.oauth.exchange_token(stepped(social, token, stepup=True).code)
    assert session["userId"] == first["userId"]
    assert session["sessionToken"]["su"] is True


@pytest.mark.parametrize("said", [None, 0, "soon"], ids=repr)
def test_proof_that_is_not_dated_is_no_step_up(social: Social, said: object) -> None:
    token = social.sign_in()["refreshSessionToken"]["jwt"]
    social.peer.id_claims["auth_time"] = said
    assert stepped(social, token, stepup=True).error == "E061301"


def test_old_proof_is_no_step_up(social: Social, avow: Avow) -> None:
    token = social.sign_in()["refreshSessionToken"]["jwt"]
    social.peer.id_claims["auth_time"] = avow.server.clock() - 86_400
    assert stepped(social, token, stepup=True).error == "E061301"


def test_step_up_as_somebody_else_is_refused(social: Social, refresh_token: str) -> None:
    assert stepped(social, refresh_token, stepup=True).error == "E061301"
    assert len(social.users()) == 1


def test_step_up_needs_the_users_own_session(social: Social) -> None:
    with pytest.raises(AuthException):
        social.client.oauth.start("acme", PAGE, LoginOptions(stepup=True), "e30.e30.e30")


def test_further_factor_adds_to_the_session(social: Social, avow: Avow, api: Api) -> None:
    token = str(api.sign_in("jane@example.com")["refreshJwt"])
    session = social.client.oauth.exchange_token(stepped(social, token, mfa=True).code)
    assert session["sessionToken"]["amr"] == ["email", "oauth", "mfa"]


def test_provider_that_dates_nothing_cannot_step_up(social: Social, refresh_token: str) -> None:
    hub = Social(social.avow, social.peer, "hub")
    hub.configure_oauth()
    with pytest.raises(AuthException) as refused:
        hub.start(login_options=LoginOptions(stepup=True), refresh_token=refresh_token)
    assert refused.value.status_code == 400


def test_anonymous_user_who_signs_up_keeps_their_id(social: Social, avow: Avow) -> None:
    anonymous = avow.client().mgmt.jwt.anonymous()
    token = anonymous["refreshSessionToken"]["jwt"]
    session = social.client.oauth.exchange_token(social.arrive(refresh_token=token).code)
    assert session["userId"] == anonymous["userId"]
    assert session["user"]["email"] == "jane@example.com"
