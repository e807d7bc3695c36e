"""What a request wishes of the sign-in: the language, whose page, whom, which class; and by which key it is told."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from avow.core.oidc.acr import MULTI_FACTOR
from avow.core.tokens import Expected, sign, verify
from avow.errors import AuthException
from avow.server.keys.directory import load
from avow.server.serving import Client, Issued
from avow.server.sessions import actions as sessions
from avow.server.sessions.actions import Opening
from avow.server.store import Tx
from avow.testing.server import Avow
from tests.factories import make_user, new_email
from tests.server.oidc.relying import API, Rp, claims, header, landed, make_api, make_app
from tests.server.pages.browsing import Browser

OWN_PAGE = "https://app.example.com/welcome?from=id"


def with_factors(rp: Rp, user: str) -> Browser:
    """Return a browser with a session in which two factors were shown."""

    def unit(tx: Tx) -> Issued:
        project = load(tx, rp.avow.server.site.settings)
        assert project is not None
        made = sessions.open_session(tx, project, Client("203.0.113.7"), user, Opening(amr=("pwd", "otp", "mfa")))
        assert isinstance(made, Issued)
        return made

    issued, browser = rp.avow.run(unit), rp.browser()
    browser.cookies[f"avow-refresh-{rp.avow.project_id}"] = sign(issued.key, issued.claims.refresh_token())
    return browser


def demanding(*values: str) -> str:
    return json.dumps({"id_token": {"acr": {"essential": True, "values": values}}})


# --- Languages -----------------------------------------------------------------------------------------------------


def test_languages_of_the_request_come_before_those_of_the_browser(rp: Rp) -> None:
    browser = rp.browser(accept_language="fr")
    page = rp.ask(browser, ui_locales="xx de-CH en")
    assert '<html lang="de"' in page.html
    page = browser.submit(page.form(), "code", email=new_email())
    assert '<html lang="de"' in page.html
    assert '<html lang="fr"' in rp.ask(browser).html


@pytest.mark.parametrize("locales", ["zz", '"><script>', "de;q=0", "d" * 100])
def test_what_is_no_language_of_ours_leaves_that_of_the_browser(rp: Rp, locales: str) -> None:
    page = rp.ask(rp.browser(accept_language="fr"), ui_locales=locales)
    assert page.status == 200
    assert '<html lang="fr"' in page.html
    assert "<script>" not in page.html


def test_consent_is_asked_in_them_too(project: Avow) -> None:
    asking, browser = make_app(project, trusted=False), Browser(project)
    page = asking.sign_in(browser, asking.ask(browser, ui_locales="de"), new_email())
    assert '<html lang="de"' in page.html
    assert page.form().buttons[0][0] == "do"


# --- The sign-in page ----------------------------------------------------------------------------------------------


def test_application_may_have_a_page_before_ours(project: Avow, rp: Rp) -> None:
    project.client().mgmt.app.update(rp.id, login_page_url=OWN_PAGE)
    project.advance(1)
    browser, email = rp.browser(), new_email()
    page = rp.ask(browser, login_hint=email, ui_locales="de")
    where = page.headers["location"]
    assert where.startswith(f"{OWN_PAGE}&")
    said = {name: values[0] for name, values in parse_qs(urlsplit(where).query).items()}
    assert (said["from"], said["client_id"], said["ui_locales"]) == ("id", rp.id, "de")
    page = browser.get(said["next"])
    assert page.form().fields["email"] == email
    assert claims(rp.redeem(landed(rp.sign_in(browser, page, email))["code"])["id_token"])["nonce"] == "n-0S6"
    # Who is signed in does not see it, and prompt=none shows nothing to nobody.
    assert "code" in landed(rp.ask(browser))
    assert landed(rp.ask(rp.browser(), prompt="none"))["error"] == "login_required"


def test_what_the_page_leads_to_is_of_the_browser_that_asked(project: Avow, rp: Rp) -> None:
    project.client().mgmt.app.update(rp.id, login_page_url=OWN_PAGE)
    project.advance(1)
    where = rp.ask(rp.browser()).headers["location"]
    follows = parse_qs(urlsplit(where).query)["next"][0]
    other = rp.browser()
    page = rp.sign_in(other, other.get(follows), new_email())
    assert page.status == 400
    assert "location" not in page.headers


@pytest.mark.parametrize("page", ["javascript:alert(1)", "//evil.example/", "https://app.example.com/#x", "x"])
def test_page_has_to_be_one_that_a_browser_can_be_led_to(project: Avow, rp: Rp, page: str) -> None:
    with pytest.raises(AuthException):
        project.client().mgmt.app.update(rp.id, login_page_url=page)
    with pytest.raises(AuthException):
        project.client().mgmt.app.create("Evil", login_page_url=page)


def test_login_hint_fills_the_field(rp: Rp) -> None:
    assert rp.ask(rp.browser(), login_hint="mia@example.com").form().fields["email"] == "mia@example.com"


def test_sign_up_hint_shows_the_sign_up(rp: Rp) -> None:
    page = rp.ask(rp.browser(), screen_hint="signup")
    assert page.form().fields["flow"] == "sign-up"
    assert rp.ask(rp.browser(), prompt="create").form().fields["flow"] == "sign-up"


def test_other_account_can_be_chosen_once(rp: Rp) -> None:
    browser, newcomer = rp.browser(), new_email()
    first = claims(rp.tokens(browser, new_email())["id_token"])
    page = rp.ask(browser, prompt="select_account")
    assert page.status == 200
    # Whoever stays goes on as they are; somebody else signs in.
    assert "code" in landed(browser.get(page.form().fields["next"]))
    other = rp.sign_in(browser, rp.ask(browser, prompt="select_account"), newcomer)
    assert claims(rp.redeem(landed(other)["code"])["id_token"])["sub"] != first["sub"]


# --- Classes -------------------------------------------------------------------------------------------------------


def test_tokens_say_the_class_of_the_session(rp: Rp) -> None:
    user = make_user(rp.avow, email := new_email())
    plain = rp.tokens(rp.browser(), email)
    assert (claims(plain["id_token"])["acr"], claims(plain["access_token"])["acr"]) == ("aal1", "aal1")
    browser = with_factors(rp, user)
    for wanted, said in {"": "aal2", MULTI_FACTOR: MULTI_FACTOR, "gold aal1": "aal1", "gold": "aal2"}.items():
        tokens = rp.tokens(browser, email, acr_values=wanted)
        assert (claims(tokens["id_token"])["acr"], claims(tokens["access_token"])["acr"]) == (said, said)


@pytest.mark.parametrize("wish", [{"acr_values": MULTI_FACTOR}, {"acr_values": "aal2 aal1"}])
def test_two_factors_that_are_wished_for_are_asked_for_once(rp: Rp, wish: dict[str, str]) -> None:
    browser = rp.browser()
    rp.tokens(browser, new_email())
    page = rp.ask(browser, **wish)
    assert page.form().fields["flow"] == "mfa"
    told = landed(browser.get(page.form().fields["next"]))
    assert claims(rp.redeem(told["code"])["id_token"])["acr"] == "aal1"
    assert "code" in landed(rp.ask(browser, prompt="none", **wish))


def test_class_that_is_demanded_is_had_or_the_application_is_told(project: Avow) -> None:
    rp = make_app(project, flow="sign-up-or-in")
    user = make_user(project, email := new_email())
    browser = rp.browser()
    rp.tokens(browser, email)
    page = rp.ask(browser, claims=demanding("aal2"))
    assert page.status == 200
    again = browser.get(page.form().fields["next"])
    assert again.status == 200  # and the sign-in page once more
    told = landed(rp.sign_in(browser, again, email))
    assert told["error"] == "unmet_authentication_requirements"
    assert landed(rp.ask(browser, prompt="none", claims=demanding("aal2")))["error"] == "login_required"
    tokens = rp.tokens(with_factors(rp, user), email, claims=demanding("gold", MULTI_FACTOR))
    assert claims(tokens["id_token"])["acr"] == MULTI_FACTOR


# --- Keys ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_id_token_and_access_token_are_signed_as_the_application_and_the_api_wish(
    project: Avow, algorithm: str
) -> None:
    make_api(project, "read:messages", algorithm=algorithm)
    rp = make_app(project, idTokenAlgorithm=algorithm)
    tokens = rp.tokens(rp.browser(), new_email(), audience=API, scope="openid read:messages")
    now, keys = project.server.clock(), rp.key_set()
    for token, audience, typ in ((tokens["id_token"], rp.id, "JWT"), (tokens["access_token"], API, "at+jwt")):
        assert header(token)["alg"] == algorithm
        verify(token, keys, Expected(rp.issuer, frozenset(), audience=(audience,), typ=typ), now)
    assert (
        algorithm in rp.call("/.well-known/openid-configuration", verb="GET")["id_token_signing_alg_values_supported"]
    )


def test_discovery_names_the_classes(rp: Rp) -> None:
    found = rp.call("/.well-known/openid-configuration", verb="GET")
    assert found["acr_values_supported"] == ["aal2", MULTI_FACTOR, "aal1"]
