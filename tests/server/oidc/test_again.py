"""Somebody signs in while the browser has a session: the same person goes on everywhere, another one nowhere."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from avow.server.oidc import grants
from avow.server.sessions import actions as sessions
from avow.testing.server import Avow, Server
from tests.factories import make_user, new_email
from tests.server.api import Api
from tests.server.oidc.hearing import Ear, listening
from tests.server.oidc.relying import Reply, Rp, claims, landed, make_app
from tests.server.pages.browsing import Browser

SCOPE = "openid offline_access"


@pytest.fixture
def ear(server: Server) -> Iterator[Ear]:
    with listening(server) as started:
        yield started


@pytest.fixture
def other(project: Avow, ear: Ear) -> Rp:
    """Return another application, which wants to hear of log-outs."""
    return ear.app(project, grantTypes=["authorization_code", "refresh_token"])


def asked_anew(rp: Rp, browser: Browser, email: str) -> Reply:
    """Sign in once more, as an application demands."""
    page = rp.ask(browser, prompt="login", scope=SCOPE)
    assert page.status == 200
    return rp.redeem(landed(rp.sign_in(browser, page, email))["code"])


def is_live(rp: Rp, tokens: Reply) -> bool:
    refreshed = rp.refresh(tokens["refresh_token"])
    answers = {refreshed.status, rp.userinfo(tokens["access_token"]).status}
    assert answers in ({200}, {400, 401})
    return answers == {200}


def test_who_signs_in_again_stays_signed_in_elsewhere(rp: Rp, other: Rp, ear: Ear) -> None:
    browser, email = rp.browser(), new_email()
    first, elsewhere = rp.tokens(browser, email, scope=SCOPE), other.tokens(browser, email, scope=SCOPE)
    rp.avow.advance(5)
    again = asked_anew(rp, browser, email)
    old, new = claims(first["id_token"]), claims(again["id_token"])
    assert new["sub"] == old["sub"]
    assert new["sid"] != old["sid"]
    assert new["auth_time"] == old["auth_time"] + 5
    assert is_live(rp, first)
    assert is_live(other, elsewhere)
    ear.tell()
    assert ear.told(other) == []
    # The application knows the session by the name that it was told first.
    refreshed = claims(other.refresh(elsewhere["refresh_token"])["id_token"])
    assert refreshed["sid"] == claims(elsewhere["id_token"])["sid"] == old["sid"]
    assert refreshed["auth_time"] == old["auth_time"]


def test_log_out_ends_what_was_granted_before_too(rp: Rp, other: Rp, ear: Ear) -> None:
    browser, email = rp.browser(), new_email()
    elsewhere = other.tokens(browser, email, scope=SCOPE)
    again = asked_anew(rp, browser, email)
    browser.get(f"{rp.prefix}/oidc/logout?{urlencode({'id_token_hint': again['id_token']})}")
    assert not is_live(rp, again)
    assert not is_live(other, elsewhere)
    ear.tell()
    [told] = ear.told(other)
    assert told["sid"] == claims(elsewhere["id_token"])["sid"]
    assert told["sid"] != claims(again["id_token"])["sid"]


def test_id_token_of_before_is_a_hint_for_the_session_that_it_has_become(rp: Rp, other: Rp) -> None:
    browser, email = rp.browser(), new_email()
    elsewhere = other.tokens(browser, email, scope=SCOPE)
    asked_anew(rp, browser, email)
    page = browser.get(f"{other.prefix}/oidc/logout?{urlencode({'id_token_hint': elsewhere['id_token']})}")
    assert page.url.endswith("notice=signed-out")
    assert rp.ask(browser).status == 200  # and has to sign in


@pytest.mark.parametrize("demands", [True, False])
def test_somebody_else_ends_what_the_one_before_was_granted(rp: Rp, other: Rp, ear: Ear, demands: bool) -> None:
    browser, email, newcomer = rp.browser(), new_email(), new_email()
    elsewhere = other.tokens(browser, email, scope=SCOPE)
    if demands:
        tokens = asked_anew(rp, browser, newcomer)
    else:
        browser.sign_in(newcomer)
        tokens = rp.tokens(browser, newcomer, scope=SCOPE)
    assert claims(tokens["id_token"])["sub"] != claims(elsewhere["id_token"])["sub"]
    assert not is_live(other, elsewhere)
    assert is_live(rp, tokens)
    ear.tell()
    assert [each["sub"] for each in ear.told(other)] == [claims(elsewhere["id_token"])["sub"]]


def test_link_that_signs_somebody_else_in_ends_it_too(rp: Rp, other: Rp) -> None:
    """Such as one that an application has asked for, which begins no flow."""
    browser, email, newcomer = rp.browser(), new_email(), new_email()
    elsewhere = other.tokens(browser, email, scope=SCOPE)
    make_user(rp.avow, newcomer)
    Api(rp.avow).post("/v1/auth/magiclink/signin/email", {"loginId": newcomer})
    page = browser.get(rp.avow.link(newcomer))
    assert browser.submit(page.form()).status == 200
    assert not is_live(other, elsewhere)


def test_session_that_somebody_has_ended_carries_nothing_over(rp: Rp, other: Rp) -> None:
    browser, email = rp.browser(), new_email()
    said = claims((elsewhere := other.tokens(browser, email, scope=SCOPE))["id_token"])
    fresh = claims(rp.tokens(rp.browser(), email)["id_token"])
    assert fresh["sub"] == said["sub"]
    rp.avow.run(lambda tx: sessions.end(tx, said["sub"], said["sid"], why="logout"))
    rp.avow.run(lambda tx: grants.carry(tx, said["sub"], said["sid"], fresh["sid"]))
    assert not is_live(other, elsewhere)


def test_foreign_session_carries_nothing_over(rp: Rp) -> None:
    theirs = rp.tokens(rp.browser(), new_email(), scope=SCOPE)
    said, mine = claims(theirs["id_token"]), claims(rp.tokens(rp.browser(), new_email())["id_token"])
    rp.avow.run(lambda tx: grants.carry(tx, mine["sub"], said["sid"], mine["sid"]))
    assert is_live(rp, theirs)


def test_both_applications_are_asked_for_one_log_out(project: Avow, ear: Ear) -> None:
    """An application that was signed in to before and after is told of both, by the names that it knows."""
    heard, browser, email = ear.app(project), None, new_email()
    browser = heard.browser()
    first = heard.tokens(browser, email)["id_token"]
    second = asked_anew(make_app(project), browser, email)
    third = heard.tokens(browser, email)["id_token"]
    user = claims(second["id_token"])["sub"]
    project.client().mgmt.user.logout_user_by_user_id(user)
    ear.tell()
    assert {each["sid"] for each in ear.told(heard)} == {claims(first)["sid"], claims(third)["sid"]}
