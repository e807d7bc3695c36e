"""S-IDN-01 to 03 and S-AUZ-10, as far as they are about sign-in at a provider: who a person there is here."""

import html
import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from avow import LoginOptions
from avow.errors import SecondFactorNeeded
from avow.testing.server import Server
from tests import phones
from tests.bed.cases import Case
from tests.bed.openid import OpenIdPeer, Said, openid_peer
from tests.bed.social import PAGE, Social
from tests.bed.visitor import Visitor
from tests.factories import make_totp_seed, make_user, new_email, new_phone
from tests.security.calls import Answer, Api, InProcess, assert_refused
from tests.security.federation.conftest import MakeSocial
from tests.security.federation.outcomes import assert_refused_page, nothing_comes_of_it
from tests.security.place import Place, person_of

_numbers = itertools.count(1)
PASSWORD = "correct horse battery"
MISSING = object()


def place_of(social: Social) -> Place:
    """Return the project of a provider as cases of other ways see it."""
    site = social.avow.server.site
    return Place(social.avow, Api(social.avow.project_id, InProcess(site), site.settings.public_origin))


def person(email: str, verified: object = True) -> dict[str, object]:
    """Return somebody at the provider."""
    said: dict[str, object] = {"sub": f"person-{next(_numbers)}", "email": email}
    return said if verified is MISSING else {**said, "email_verified": verified}


def works(social: Social) -> bool:
    """Sign somebody new in and out of the way."""
    before = dict(social.peer.person)
    social.peer.person = person(new_email("control"))
    try:
        return bool(social.sign_in()["firstSeen"])
    finally:
        social.peer.person = before


# --- S-IDN-01: what others did before the owner came ---------------------------------------------------------------


def by_password(place: Place, email: str) -> tuple[Answer, Callable[[], Answer]]:
    """Sign up with somebody else's address and a password."""
    body = {"loginId": email, "password": PASSWORD}
    return (
        place.api.post("/v1/auth/password/signup", body=body),
        lambda: place.api.post("/v1/auth/password/signin", body=body),
    )


def by_app(place: Place, email: str) -> tuple[Answer, Callable[[], Answer]]:
    """Sign up with somebody else's address and an app of one's own."""
    shown = place.api.post("/v1/auth/totp/signup", body={"loginId": email}).body
    phone, steps = phones.typing(shown["key"]), iter((0, 1))

    def come() -> Answer:
        code = phone.code(place.avow.server.clock(), next(steps))
        return place.api.post("/v1/auth/totp/verify", body={"loginId": email, "code": code})

    return come(), come


def by_number(place: Place, email: str) -> tuple[Answer, Callable[[], Answer]]:
    """Sign up with somebody else's address and a number of one's own."""
    number = new_phone()
    body = {"loginId": email, "user": {"phone": number}}
    assert place.api.post("/v1/auth/otp/signup/sms", body=body).status == 200

    def come() -> Answer:
        again = place.api.post("/v1/auth/otp/signin/sms", body={"loginId": email})
        if again.status != 200:
            return again
        return place.api.post("/v1/auth/otp/verify/sms", body={"loginId": email, "code": place.avow.code(number)})

    first = place.api.post("/v1/auth/otp/verify/sms", body={"loginId": email, "code": place.avow.code(number)})
    return first, come


def test_s_idn_01_owner_comes_by_social_sign_in(case: Case, social: Social) -> None:
    case.control(lambda: works(social))
    place = place_of(social)
    with case.cell("owner comes by social sign-in"):
        for begin in (by_password, by_app, by_number):
            email = new_email("victim")
            planted, come_again = begin(place, email)
            attacker = person_of(email, planted)
            social.peer.person = person(email)
            owner = social.sign_in()
            assert owner["user"]["verifiedEmail"] is True
            assert_refused(place.api.refresh(attacker.refresh_jwt))
            assert_refused(place.api.me(attacker.refresh_jwt))
            assert_refused(come_again(), 400, 401, 403)
            again = social.sign_in()
            assert again["userId"] == owner["userId"]
            me = place.api.me(again["refreshSessionToken"]["jwt"]).body
            assert (me["password"], me["TOTP"], me["phone"]) == (False, False, "")
    with case.cell("an identity that was connected before the owner came"):
        email = new_email("victim")
        attacker = person_of(email, by_password(place, email)[0])
        mallory = person(new_email("mallory"))
        _connect(social, attacker.refresh_jwt, mallory)
        social.peer.person = person(email)
        owner = social.sign_in()
        social.peer.person = mallory
        assert social.sign_in()["userId"] != owner["userId"]


def test_s_idn_01_person_elsewhere_adds_to_no_session_of_an_unproven_address(case: Case, social: Social) -> None:
    case.control(lambda: works(social))
    place = place_of(social)
    for wish, options in {"stepup": LoginOptions(stepup=True), "mfa": LoginOptions(mfa=True)}.items():
        with case.cell(f"social sign-in with the address of a user who has not proven it, {wish}"):
            email = new_email()
            user = person_of(email, by_password(place, email)[0])
            before = [place.rows(table) for table in ("users", "sessions")]
            social.peer.person = person(email)
            page = social.arrive(login_options=options, refresh_token=user.refresh_jwt)
            assert_refused_page(page)
            assert page.error == "E061303"
            assert [place.rows(table) for table in ("users", "sessions")] == before
            assert place.api.me(user.refresh_jwt).body["password"] is True
            body = {"loginId": email, "password": PASSWORD}
            assert place.api.post("/v1/auth/password/signin", body=body).status == 200


def _connect(social: Social, refresh_token: str, wanted: dict[str, object]) -> None:
    """Connect a person at the provider to the user of a session."""
    place = place_of(social)
    query = f"provider={social.name}&redirectURL={PAGE}"
    begun = place.api.post(f"/v1/auth/oauth/authorize/update?{query}", refresh_token)
    assert begun.status == 200, begun.content
    visitor = Visitor(social.avow.server.site)
    [agreed] = re.findall(r'href="([^"]+)"', visitor.get(begun.body["url"]).content.decode())
    social.peer.person = wanted
    assert social.come_back(social.open(html.unescape(agreed), visitor)).code


# --- S-IDN-02: addresses that nobody verified ----------------------------------------------------------------------

UNVERIFIED: dict[str, object] = {
    "false": False,
    "missing": MISSING,
    "null": None,
    '"true"': "true",
    '"false"': "false",
    "1": 1,
    "[true]": [True],
}


def test_s_idn_02_unverified_address(case: Case, make_social: MakeSocial) -> None:
    social = make_social()
    case.control(lambda: works(social))
    victim = new_email("victim")
    owner = make_user(social.avow, victim)
    with case.cell("email_verified false, missing, text and number"):
        for said in UNVERIFIED.values():
            social.peer.person = person(victim, said)
            with nothing_comes_of_it(social):
                assert_refused_page(social.arrive())
    with case.cell("the same at the user endpoint"):
        social.peer.in_id_token = False
        for said in UNVERIFIED.values():
            social.peer.person = person(victim, said)
            with nothing_comes_of_it(social):
                assert_refused_page(social.arrive())
        social.peer.in_id_token = True
    with case.cell("the verified one leads to its owner"):
        social.peer.person = person(victim)
        assert social.sign_in()["userId"] == owner
    with case.cell("spelt otherwise"):
        for spelt in (victim.upper(), victim.replace("@", "@EXAMPLE.com@", 1), f" {victim}", f"{victim}\u200b"):
            social.peer.person = person(spelt, MISSING)
            page = social.arrive()
            if page.parameter("code"):
                other = social.client.oauth.exchange_token(page.code)
                assert other["userId"] != owner
                assert other["user"]["verifiedEmail"] is False


def test_s_idn_02_provider_without_the_claim(case: Case, make_social: MakeSocial) -> None:
    social = make_social()
    social.configure_oauth()
    social.peer.answers["/user/emails"] = lambda _: _said([])
    case.control(lambda: bool(_by_oauth(social, new_email("control"), [])))
    victim = new_email("victim")
    owner = make_user(social.avow, victim)
    with case.cell("provider without the claim"):
        social.peer.person = {"id": next(_numbers), "login": "mallory", "email": victim}
        social.peer.answers["/user/emails"] = lambda _: _said([{"email": victim, "primary": True, "verified": False}])
        with nothing_comes_of_it(social):
            assert_refused_page(social.arrive())
        for emails in ([], [{"email": victim}], [{"email": victim, "primary": False, "verified": True}]):
            apart = _by_oauth(social, victim, emails)  # nobody says that it is theirs: somebody without an address
            assert apart["userId"] != owner
            assert (apart["user"]["email"], apart["user"]["verifiedEmail"]) == ("", False)


def _said(emails: list[Any]) -> Said:
    return Said(emails)


def _by_oauth(social: Social, email: str, emails: list[Any]) -> Any:
    social.peer.person = {"id": next(_numbers), "login": "someone", "email": email}
    social.peer.answers["/user/emails"] = lambda _: _said(emails)
    return social.sign_in()


# --- S-IDN-03: who somebody is elsewhere ---------------------------------------------------------------------------


@pytest.fixture
def other_peer(social: Social) -> Iterator[OpenIdPeer]:
    """Give a provider beside the first."""
    with openid_peer(social.avow.server.clock) as peer:
        yield peer


def test_s_idn_03_identity_is_issuer_and_subject(case: Case, social: Social, other_peer: OpenIdPeer) -> None:
    case.control(lambda: works(social))
    mine = {"sub": "123", "email": new_email("mia"), "email_verified": True}
    social.peer.person = mine
    user = social.sign_in()
    with case.cell("the same sub of another issuer"):
        other = Social(social.avow, other_peer, "other")
        other.configure()
        other_peer.person = {"sub": "123", "email": new_email("mallory"), "email_verified": True}
        assert other.sign_in()["userId"] != user["userId"]
        for verified in (False, MISSING):  # nor with her address, as long as nobody there has verified it
            other_peer.person = {**person(str(mine["email"]), verified), "sub": "123-else"}
            assert_refused_page(other.arrive())
    with case.cell("the same sub under the same name, the issuer replaced"):
        moved = Social(social.avow, other_peer, social.name)
        moved.configure()
        other_peer.person = {"sub": "123", "email": new_email("mallory"), "email_verified": True}
        assert moved.sign_in()["userId"] != user["userId"]
        social.configure()
    with case.cell("changed email and preferred_username"):
        boss = make_user(social.avow, new_email("boss"), name="The boss")
        for changed in (
            {"email": new_email("moved"), "preferred_username": "boss"},
            {"email": _address_of(social, boss), "email_verified": True},
            {"email": _address_of(social, boss), "preferred_username": "The boss", "email_verified": False},
        ):
            social.peer.person = {**mine, **changed}
            again = social.sign_in()
            assert again["userId"] == user["userId"] != boss
            assert again["user"]["email"] == mine["email"]
    with case.cell("the same sub, spelt otherwise"):
        for sub in ("0123", "123 ", "\uff11\uff12\uff13"):
            social.peer.person = {"sub": sub, "email": new_email("else"), "email_verified": True}
            assert social.sign_in()["userId"] != user["userId"]


def _address_of(social: Social, user_id: str) -> str:
    found = social.client.mgmt.user.load_by_user_id(user_id)["user"]["email"]
    return str(found)


# --- S-AUZ-10: a provider is one factor ----------------------------------------------------------------------------


def test_s_auz_10_social_sign_in_and_the_second_factor(
    case: Case, make_social: MakeSocial, federated_server: Server
) -> None:
    social = make_social(federated_server.project(mfa="enrolled"))
    case.control(lambda: works(social))
    email = new_email("mia")
    user_id = make_user(social.avow, email)
    phone = phones.holding(make_totp_seed(social.avow, user_id))
    social.peer.person = person(email)
    with case.cell("social login to avoid the second factor"):
        for _ in range(2):  # the second time the identity is known
            with pytest.raises(SecondFactorNeeded) as asked:
                social.sign_in()
            assert asked.value.factors == ("totp",)
        assert set(_sessions(social, user_id)) == {1}  # which wait, all of them
    with case.cell("what the provider says of factors is not believed"):
        social.peer.id_claims = {"amr": ["mfa", "otp", "pwd"], "acr": "urn:mace:incommon:iap:silver"}
        with pytest.raises(SecondFactorNeeded):
            social.sign_in()
        social.peer.id_claims = {}
    with case.cell("connecting a provider without the factor"):
        with pytest.raises(SecondFactorNeeded) as asked:
            social.sign_in()
        query = f"provider={social.name}&redirectURL={PAGE}"
        path = f"/v1/auth/oauth/authorize/update?{query}"
        assert_refused(place_of(social).api.post(path, asked.value.mfa_token), code="E061401")
    with case.cell("both open the session"):
        with pytest.raises(SecondFactorNeeded) as asked:
            social.sign_in()
        code = phone.code(social.avow.server.clock())
        session = social.client.totp.sign_in_code(email, code, LoginOptions(mfa=True), asked.value.mfa_token)
        assert session["sessionToken"]["amr"] == ["oauth", "totp", "mfa"]


def _sessions(social: Social, user_id: str) -> list[int]:
    """Return `awaits_factor` of each session of a user."""
    statement = "SELECT awaits_factor FROM sessions WHERE project_id = :project_id AND user_id = :user_id"
    return social.avow.run(lambda tx: tx.all(statement, int, user_id=user_id))
