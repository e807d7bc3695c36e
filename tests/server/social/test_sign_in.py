from typing import Any
from urllib.parse import unquote

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from avow import LoginOptions
from avow.errors import AuthException, CodeExpired, InvalidArgument, InvalidCode, MethodNotEnabled, SignInDeclined
from avow.testing.server import Avow
from tests.bed.openid import OpenIdPeer, Said
from tests.bed.social import PAGE, Social
from tests.bed.visitor import Visitor
from tests.core.federation.test_requests import pem
from tests.factories import change_settings, make_user


def test_person_signs_up_and_is_known_from_then_on(social: Social) -> None:
    first = social.sign_in()
    assert first["firstSeen"]
    assert first["sessionToken"]["amr"] == ["oauth"]
    user = first["user"]
    assert (user["email"], user["verifiedEmail"], user["loginIds"]) == ("jane@example.com", True, ["jane@example.com"])
    assert user["OAuth"] == {"acme": True}
    again = social.sign_in()
    assert not again["firstSeen"]
    assert again["userId"] == first["userId"]


def test_browser_is_marked_and_sent_to_the_provider(social: Social, visitor: Visitor) -> None:
    url = social.start()
    assert url.startswith(f"http://localhost:8000/v1/auth/oauth/go/{social.avow.project_id}?t=")
    page = visitor.get(url)
    assert page.status == 303
    assert page.location.startswith(f"{social.peer.url}/authorize?")
    [cookie] = page.set_cookies
    assert cookie.startswith("avow-elsewhere=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"


def test_request_is_of_this_sign_in_alone(social: Social, visitor: Visitor) -> None:
    asked = [social.open(social.start(), visitor).asked for _ in range(3)]
    for name in ("state", "nonce", "code_challenge"):
        assert len({each[name] for each in asked}) == 3
    assert {each["code_challenge_method"] for each in asked} == {"S256"}
    assert {each["redirect_uri"] for each in asked} == {
        f"http://localhost:8000/v1/auth/oauth/callback/{social.avow.project_id}/acme"
    }


def test_same_browser_may_open_the_address_again(social: Social, visitor: Visitor) -> None:
    url = social.start()
    first, second = social.open(url, visitor).asked, social.open(url, visitor).asked
    assert first.parameters == second.parameters
    assert social.come_back(social.open(url, visitor)).code


def test_several_sign_ins_of_one_browser_go_on_side_by_side(social: Social, visitor: Visitor) -> None:
    journeys = [social.open(social.start(), visitor) for _ in range(3)]
    assert all(social.come_back(each).code for each in reversed(journeys))


def test_address_is_good_for_ten_minutes(social: Social, visitor: Visitor) -> None:
    url = social.start()
    social.avow.advance(600)
    assert visitor.get(url).status == 401
    url = social.start()
    social.avow.advance(599)
    journey = social.open(url, visitor)
    social.avow.advance(899)
    assert social.come_back(journey).code


def test_state_is_good_for_a_quarter_of_an_hour(social: Social, visitor: Visitor) -> None:
    journey = social.open(social.start(), visitor)
    social.avow.advance(900)
    assert social.come_back(journey).status == 401


def test_code_is_good_for_two_minutes_and_once(social: Social) -> None:
    code = social.arrive().code
    social.client.oauth.exchange_token(code)
    with pytest.raises(InvalidCode):
        social.client.oauth.exchange_token(code)
    late = social.arrive().code
    social.avow.advance(120)
    with pytest.raises(CodeExpired):
        social.client.oauth.exchange_token(late)


@pytest.mark.parametrize("code", ["x", "C" + "a" * 52, "C" + "0" * 26 + "0" * 26])
def test_made_up_code_is_refused(social: Social, code: str) -> None:
    with pytest.raises(InvalidCode):
        social.client.oauth.exchange_token(code)


def test_application_page_keeps_its_own_query(social: Social) -> None:
    page = social.arrive(return_url=f"{PAGE}?next=%2Fhome&code=old&err=old#top")
    assert page.location.startswith(f"{PAGE}?next=%2Fhome&code=C")
    assert page.location.endswith("#top")


def test_page_of_the_project_is_used_where_the_call_names_none(social: Social, avow: Avow) -> None:
    with pytest.raises(InvalidArgument):
        social.client.oauth.start("acme")
    change_settings(avow, {"default_redirects": {"oauth": PAGE}})
    avow.advance(1)
    assert social.arrive(return_url="").location.startswith(f"{PAGE}?code=")


def test_page_that_is_not_approved_is_refused(social: Social, avow: Avow) -> None:
    change_settings(avow, {"approved_redirects": ("https://app.example.com/handle-oauth",)})
    avow.advance(1)
    assert social.start()
    with pytest.raises(InvalidArgument):
        social.start(return_url="https://evil.example.com/handle-oauth")


@pytest.mark.parametrize("provider", ["google", "acme2", "ACME", "x" * 65])
def test_provider_that_is_not_set_up_is_refused(social: Social, provider: str) -> None:
    with pytest.raises(AuthException) as refused:
        social.client.oauth.start(provider, PAGE)
    assert refused.value.status_code == 400


def test_method_that_is_switched_off_is_refused(social: Social, avow: Avow) -> None:
    change_settings(avow, {"sign_in_methods": ("otp",)})
    avow.advance(1)
    with pytest.raises(MethodNotEnabled):
        social.start()


def test_provider_that_is_switched_off_is_refused(social: Social) -> None:
    social.configure(is_enabled=False)
    with pytest.raises(InvalidArgument):
        social.start()
    social.configure()
    assert social.sign_in()


@pytest.mark.parametrize(
    "other", [{"issuer": "https://other.example.com"}, {"client_id": "x"}, {"claims": {"subject": "email"}}], ids=repr
)
@pytest.mark.parametrize("when", ["before the browser goes", "at the provider", "asked", "before the exchange"])
def test_another_provider_meanwhile_signs_nobody_in(
    social: Social, visitor: Visitor, other: dict[str, Any], when: str
) -> None:
    def replace() -> None:
        wanted: dict[str, Any] = {"issuer": social.peer.url, **other}
        social.client.mgmt.provider.save("acme", str(wanted.pop("client_id", social.peer.client[0])), "s", **wanted)

    url = social.start()
    if when == "before the browser goes":
        replace()
        assert visitor.get(url).status == 401
        return
    journey = social.open(url, visitor)
    if when == "before the exchange":
        code = social.come_back(journey).code
        replace()
        with pytest.raises(AuthException) as refused:
            social.client.oauth.exchange_token(code)
        assert refused.value.status_code == 401
        return
    if when == "asked":
        social.peer.meanwhile("/token", replace)
        assert social.come_back(journey).error == "E061301"
    else:
        replace()
        assert social.come_back(journey).status == 401
    assert social.users() == []


def test_person_who_gives_up_comes_back_with_an_error(social: Social) -> None:
    page = social.come_back(social.open(social.start()), code=None, error="access_denied")
    assert page.error == SignInDeclined.code
    assert page.location.startswith(f"{PAGE}?err=")
    assert social.users() == []


def test_wishes_reach_the_provider(social: Social) -> None:
    url = social.start(
        prompt="consent select_account",
        login_hint="jane@example.com",
        scopes=["openid", "email", "calendar"],
        parameters={"hd": "example.com", "access_type": "offline"},
    )
    asked = social.open(url).asked
    assert (asked["prompt"], asked["login_hint"]) == ("consent select_account", "jane@example.com")
    assert (asked["scope"], asked["hd"], asked["access_type"]) == ("openid email calendar", "example.com", "offline")


@pytest.mark.parametrize("name", ["state", "redirect_uri", "client_id", "scope", "response_mode", "request"])
def test_parameter_of_ours_cannot_be_wished_for(social: Social, name: str) -> None:
    with pytest.raises(InvalidArgument):
        social.start(parameters={name: "x"})


def test_claims_behind_the_user_endpoint_count(social: Social) -> None:
    social.peer.in_id_token = False
    social.peer.person |= {"name": "Jane Doe", "picture": "https://id.example.com/jane.png"}
    user = social.sign_in()["user"]
    assert (user["email"], user["verifiedEmail"]) == ("jane@example.com", True)
    assert (user["name"], user["picture"]) == ("Jane Doe", "https://id.example.com/jane.png")


def test_user_endpoint_that_speaks_of_somebody_else_is_refused(social: Social) -> None:
    social.peer.in_id_token = False
    social.peer.answers["/userinfo"] = lambda _: Said({"sub": "another", "email": "eve@example.com"})
    assert social.arrive().error == "E061301"
    assert social.users() == []


def test_provider_of_githubs_shape(social: Social, peer: OpenIdPeer) -> None:
    peer.person = {
        "id": 583231,
        "login": "octo",
        "name": "Octo Cat",
        "email": "public@example.com",
        "avatar_url": "https://avatars.example.com/u/583231",
        "emails": [
            {"email": "public@example.com", "primary": False, "verified": True},
            {"email": "octo@example.com", "primary": True, "verified": True},
        ],
    }
    hub = Social(social.avow, peer, "hub")
    hub.configure_oauth()
    asked = hub.open(hub.start()).asked
    assert "nonce" not in asked.parameters
    assert asked["scope"] == "read:user user:email"
    user = hub.sign_in()["user"]
    assert (user["email"], user["verifiedEmail"], user["name"]) == ("octo@example.com", True, "Octo Cat")
    assert user["picture"] == "https://avatars.example.com/u/583231"


def test_provider_that_tells_no_address(social: Social, peer: OpenIdPeer) -> None:
    peer.person = {"data": {"id": "2244994945", "name": "Jane", "username": "jane"}}
    hub = Social(social.avow, peer, "bird")
    hub.configure_oauth(emails_url=None, claims={"subject": "data.id", "name": "data.name"})
    user = hub.sign_in()["user"]
    assert (user["email"], user["name"], user["loginIds"]) == ("", "Jane", ["bird-2244994945"])


def test_popup_hands_the_code_to_the_page_that_waits(social: Social) -> None:
    page = social.arrive(popup=True, return_url=f"{PAGE}?a=</script>".replace("<", "%3C").replace(">", "%3E"))
    text = page.content.decode()
    assert page.status == 200
    assert 'window.opener.postMessage(said, "https://app.example.com")' in text
    assert page.headers["cross-origin-opener-policy"] == "unsafe-none"
    policy = page.headers["content-security-policy"]
    assert "script-src 'nonce-" in policy
    assert "unsafe-inline" not in policy
    code = text.partition('"code": "')[2].partition('"')[0]
    assert social.client.oauth.exchange_token(code)["firstSeen"]


def test_form_of_the_provider_comes_once_more_as_a_request_of_ours(social: Social, visitor: Visitor) -> None:
    journey = social.open(social.start(), visitor)
    callback = social.peer.authorize(journey.asked.url)
    address, _, query = callback.partition("?")
    fields = dict(pair.split("=", 1) for pair in query.split("&"))
    page = visitor.post_from_elsewhere(address, {name: unquote(value) for name, value in fields.items()})
    assert page.status == 303
    assert not page.set_cookies
    assert visitor.get(page.location).code


@pytest.mark.parametrize("name", ["a\r\nset-cookie: x=y", "a\0", "a/b", "A", "ü", "", "x" * 64], ids=ascii)
def test_form_for_what_can_be_no_provider_leads_nowhere(social: Social, visitor: Visitor, name: str) -> None:
    url = f"http://localhost:8000/v1/auth/oauth/callback/{social.avow.project_id}/{name}"
    page = visitor.post_from_elsewhere(url, {"state": "x", "code": "y"})
    assert page.status == 404
    assert "location" not in page.headers


def test_name_that_apple_hands_to_the_browser_counts_when_nobody_has_one(social: Social, peer: OpenIdPeer) -> None:
    apple = Social(social.avow, peer, "apple")
    key = pem(ec.generate_private_key(ec.SECP256R1()))
    apple.configure(kind="apple", client_secret=key, key_id="KEY1", team_id="TEAM1", issuer=peer.url)
    peer.answers["/token"] = lambda seen: _known_to_apple(peer, seen)
    peer.metadata["userinfo_endpoint"] = None
    peer.person |= {"email_verified": "true"}
    journey = apple.open(apple.start())
    assert journey.asked["response_mode"] == "form_post"
    page = apple.come_back(journey, user='{"name":{"firstName":"Jane","lastName":"Doe"},"email":"evil@example.com"}')
    user = apple.client.oauth.exchange_token(page.code)["user"]
    assert (user["name"], user["givenName"], user["familyName"]) == ("Jane Doe", "Jane", "Doe")
    assert (user["email"], user["verifiedEmail"]) == ("jane@example.com", True)


def _known_to_apple(peer: OpenIdPeer, seen: Any) -> Said:
    issued = peer.codes.pop(seen.form["code"])
    assert seen.form["client_secret"].count(".") == 2
    return Said({"access_token": "at", "id_token": peer.id_token(issued)})


def test_provider_tokens_are_kept_for_management(social: Social, avow: Avow) -> None:
    social.sign_in(scopes=["openid", "email", "files"])
    kept = social.client.mgmt.user.get_provider_token("jane@example.com", "acme", True)
    assert kept["providerUserID"] == "248289761001"
    assert kept["accessToken"] in social.peer.tokens
    assert kept["refreshToken"]
    assert kept["scopes"] == ["openid", "email", "files"]
    assert kept["expiration"] == avow.server.clock() + 3600


def test_provider_tokens_are_not_kept_where_the_project_says_so(social: Social) -> None:
    social.configure(are_tokens_kept=False)
    social.sign_in()
    with pytest.raises(AuthException):
        social.client.mgmt.user.get_provider_token("jane@example.com", "acme")


def test_claims_that_were_asked_for_are_in_the_token(social: Social) -> None:
    session = social.sign_in(login_options=LoginOptions(custom_claims={"plan": "pro", "sub": "evil"}))
    assert session["sessionToken"]["nsec"] == {"plan": "pro"}


def test_other_sessions_end_where_that_was_asked_for(social: Social, avow: Avow) -> None:
    before = social.sign_in()["refreshSessionToken"]["jwt"]
    social.sign_in(login_options=LoginOptions(revoke_other_sessions=True))
    with pytest.raises(AuthException):
        avow.client().refresh_session(before)


def test_user_who_is_disabled_is_refused(social: Social) -> None:
    social.sign_in()
    code = social.arrive().code
    social.client.mgmt.user.deactivate("jane@example.com")
    assert social.arrive().error == "E062110"
    with pytest.raises(AuthException) as refused:
        social.client.oauth.exchange_token(code)
    assert refused.value.status_code == 403


def test_code_is_void_once_the_user_changed_how_they_sign_in(social: Social) -> None:
    social.sign_in()
    code = social.arrive().code
    social.avow.run(lambda tx: _moved(tx))
    with pytest.raises(InvalidCode):
        social.client.oauth.exchange_token(code)


def _moved(tx: Any) -> None:
    tx.run("UPDATE users SET credential_version = credential_version + 1 WHERE project_id = :project_id")


def test_sign_in_refuses_whom_nobody_knows(social: Social) -> None:
    url = social.client.oauth.sign_in("acme", PAGE)["url"]
    assert social.come_back(social.open(url)).error == "E062108"
    assert social.users() == []
    social.sign_in()
    url = social.client.oauth.sign_in("acme", PAGE)["url"]
    assert social.come_back(social.open(url)).code


def test_sign_up_refuses_whom_somebody_knows(social: Social, avow: Avow) -> None:
    make_user(avow, "jane@example.com")
    url = social.client.oauth.sign_up("acme", PAGE)["url"]
    assert social.come_back(social.open(url)).error == "E062107"
    social.peer.person = {"sub": "other", "email": "other@example.com", "email_verified": True}
    url = social.client.oauth.sign_up("acme", PAGE)["url"]
    assert social.come_back(social.open(url)).code
    url = social.client.oauth.sign_up("acme", PAGE)["url"]
    assert social.come_back(social.open(url)).error == "E062107"


def test_provider_that_may_not_create_users_does_not(social: Social, avow: Avow) -> None:
    social.configure(may_create=False)
    assert social.arrive().error == "E062108"
    make_user(avow, "jane@example.com")
    assert social.arrive().code


def test_number_of_statements_of_a_sign_in(social: Social, statements: Any, visitor: Visitor) -> None:
    social.sign_in()
    url = social.start()
    with statements:
        journey = social.open(url, visitor)
    assert statements.ran == [
        "challenges.FIND_BY_ID",
        "challenges.SPEND_BY_ID",
        "challenges.CONSUME",
        "challenges.PUT",
        "social.FIND",
    ]
    with statements:
        code = social.come_back(journey).code
    assert len(statements.ran) <= 14, statements.ran
    with statements:
        social.client.oauth.exchange_token(code)
    assert len(statements.ran) <= 7, statements.ran  # one of them: whether the provider is on still
