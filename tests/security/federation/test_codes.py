"""Exchange codes of sign-ins elsewhere: S-TYP-05, S-SES-04, 09 and 10, S-RAC-01 and 04, S-SEC-01, 02 and 04.

A code is made straight in the database here, as the callback makes it; what comes before it is tried beside.
"""

import dataclasses
import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from avow.errors import SealBroken
from avow.server.federation import actions as federation
from avow.server.federation import rows as federation_rows
from avow.server.federation import tokens
from avow.server.federation.actions import Grant, Person, Rule, Way
from avow.server.keys.directory import load
from avow.server.serving import Client, Refusal
from avow.server.social import actions as providers
from avow.server.social.actions import Held
from avow.server.sso import actions as sso
from avow.server.store import Tx
from avow.server.tenants import actions as tenants
from avow.server.users import actions as users
from tests.bed.cases import Case
from tests.bed.tenant_idp import TenantIdp
from tests.factories import join_tenant, make_provider_token, make_tenant, make_user, new_email
from tests.security.calls import Answer, assert_refused
from tests.security.conftest import MakePlace
from tests.security.federation.conftest import MakeSocial
from tests.security.place import Place, claims_of, person_of
from tests.security.secrets.test_at_rest import spellings
from tests.security.tables import everything_stored
from tests.security.token_type.test_token_type import RESERVED, _unbearable

_numbers = itertools.count(1)
KINDS: dict[str, tuple[Way, str]] = {
    "OAuth exchange code": (Way(kind="oauth", name="acme"), "/v1/auth/oauth/exchange"),
    "SSO exchange code": (Way(kind="sso", name="", tenant_id="T1"), "/v1/auth/sso/exchange"),
}
Rounds = Callable[[int, int], int]


def make_code(place: Place, kind: str = "OAuth exchange code", user_id: str = "") -> str:
    """Return an unused code for a user."""
    user, way = user_id or make_user(place.avow), KINDS[kind][0]
    _set_up(place, way, user)
    method: Any = "oauth" if way.kind == "oauth" else "fed"

    def unit(tx: Tx) -> str:
        held = users.find(tx, user)
        assert held is not None
        version, provider = held.row.credential_version, _digest(tx, way)
        granted = Grant(way=way, user_id=user, credential_version=version, method=method, provider=provider)
        return federation.grant(tx, granted)

    return place.avow.run(unit)


def _digest(tx: Tx, way: Way) -> str:
    """Return what a code remembers of the provider that vouched."""
    if way.kind == "oauth":
        return providers.get(tx, way.name).settings.digest
    return sso.load(tx, way.tenant_id, way.name).settings.provider_digest


def _set_up(place: Place, way: Way, user: str) -> None:
    """Make what a code stands on: the provider, or the tenant with its identity provider and member."""
    if way.kind == "oauth":
        if place.avow.run(lambda tx: providers.find(tx, way.name)) is None:
            _provider(place, way.name, "a secret of acme")
        return
    if place.avow.run(lambda tx: tenants.search(tx, tenants.Wanted(tenant_ids=(way.tenant_id,)))) == []:
        TenantIdp(place.avow, make_tenant(place.avow, tenant_id=way.tenant_id)).configure()
    if place.avow.run(lambda tx: way.tenant_id not in _tenants(tx, user)):
        join_tenant(place.avow, user, way.tenant_id)


def _tenants(tx: Tx, user: str) -> set[str]:
    profile = users.find(tx, user)
    return set(profile.tenants) if profile else set()


def exchange(place: Place, code: str, kind: str = "OAuth exchange code", **options: Any) -> Answer:
    return place.api.post(KINDS[kind][1], body={"code": code}, **options)


def test_s_typ_05_exchange_codes_are_not_sessions(case: Case, place: Place) -> None:
    case.control(lambda: exchange(place, make_code(place)).status == 200)
    api = place.api
    for kind, (_, path) in KINDS.items():
        code = make_code(place, kind)
        wrong: dict[str, Callable[[], Answer]] = {
            "GET /v1/auth/me": partial(api.me, code),
            "POST /v1/auth/refresh": partial(api.refresh, code),
            "refresh cookie": partial(api.post, "/v1/auth/refresh", cookies={"DSR": code}),
            "management key": partial(api.get, "/v1/mgmt/avow/project/settings", code),
            "magiclink/verify": partial(api.post, "/v1/auth/magiclink/verify", body={"token": code}),
            "enchantedlink/verify": partial(api.post, "/v1/auth/enchantedlink/verify", body={"token": code}),
            "pending-session": partial(api.post, "/v1/auth/enchantedlink/pending-session", body={"pendingRef": code}),
            "access key": partial(api.post, "/v1/auth/accesskey/exchange", code, {}),
        }
        for other in ("oauth", "sso", "saml"):
            if path != f"/v1/auth/{other}/exchange" and (other == "oauth") != (path == KINDS["OAuth exchange code"][1]):
                wrong[f"{other}/exchange"] = partial(api.post, f"/v1/auth/{other}/exchange", body={"code": code})
        before = [row for table in ("sessions", "users") for row in place.rows(table)]
        for name, call in wrong.items():
            with case.cell(f"{kind}: {name}"):
                assert_refused(call())
        with case.cell(f"{kind}: nothing came of it"):
            assert [row for table in ("sessions", "users") for row in place.rows(table)] == before
        with case.cell(kind):
            assert api.post(path, body={"code": code}).status == 200
    with case.cell("tokens of other kinds are no exchange codes"):
        login_id = new_email()
        link = place.send_magic_link(login_id)
        for path in ("/v1/auth/oauth/exchange", "/v1/auth/sso/exchange", "/v1/auth/saml/exchange"):
            for token in (link, place.sign_in().refresh_jwt[:512], place.avow.management_key):
                assert_refused(api.post(path, body={"code": token}))
        assert api.post("/v1/auth/magiclink/verify", body={"token": link}).status == 200


def test_s_ses_04_exchange_code_of_a_disabled_user(case: Case, place: Place) -> None:
    case.control(lambda: exchange(place, make_code(place)).status == 200)
    for kind in KINDS:
        user = make_user(place.avow)
        code = make_code(place, kind, user)
        place.avow.run(lambda tx, user=user: users.set_status(tx, user, "disabled"))  # type: ignore[misc]
        with case.cell(f"{kind} of a user who is disabled"):
            assert_refused(exchange(place, code, kind), 401, 403)
        place.avow.run(lambda tx, user=user: users.set_status(tx, user, "enabled"))  # type: ignore[misc]
        with case.cell(f"{kind}: enabled again, it stays spent"):
            assert_refused(exchange(place, code, kind))
        with case.cell(f"{kind}: of a user who is gone"):
            code = make_code(place, kind, user)
            place.avow.run(lambda tx, user=user: users.delete(tx, user))  # type: ignore[misc]
            assert_refused(exchange(place, code, kind))


def test_s_ses_04_social_sign_in_of_a_disabled_user(case: Case, make_social: MakeSocial) -> None:
    social = make_social()
    case.control(lambda: bool(social.sign_in()["userId"]))
    user = social.sign_in()["userId"]
    social.avow.run(lambda tx: users.set_status(tx, user, "disabled"))
    with case.cell("social sign-in"):
        assert social.arrive().error == "E062110"
    social.avow.run(lambda tx: users.set_status(tx, user, "enabled"))
    with case.cell("social sign-in, enabled again"):
        assert social.sign_in()["userId"] == user


def test_s_ses_09_exchange_gives_a_new_session(case: Case, make_place: MakePlace) -> None:
    place = make_place(refresh_token_in="cookie")
    case.control(lambda: exchange(place, make_code(place)).status == 200)
    attacker = place.sign_in()
    planted = {
        "the attacker's own live session": {"DS": attacker.session_jwt, "DSR": attacker.refresh_jwt},
        "made-up values": {"DS": "S0000", "DSR": "S0000"},
    }
    for kind in KINDS:
        for what, jar in planted.items():
            with case.cell(f"{kind}, {what}"):
                victim = person_of("", exchange(place, make_code(place, kind), kind, cookies=jar))
                assert victim.refresh_jwt not in jar.values()
                assert victim.session_id != attacker.session_id
                assert victim.id != attacker.id
                copy = place.api.get("/v1/auth/me", cookies=jar)
                assert copy.status == 401 or copy.body["userId"] == attacker.id


def test_s_ses_10_exchange_codes_have_entropy(case: Case, place: Place, rounds: Rounds) -> None:
    from tests.security.session.test_identity import _is_even, _longest_shared_prefix

    case.control(lambda: exchange(place, make_code(place)).status == 200)
    user = make_user(place.avow)
    for kind in KINDS:
        codes = [make_code(place, kind, user) for _ in range(rounds(60, 2000))]
        with case.cell(f"{kind}s"):
            assert len(set(codes)) == len(codes)
            assert {each[0] for each in codes} == {"C"}
            assert _longest_shared_prefix([each[1:] for each in codes]) < 8
            assert min(map(len, codes)) >= 53
            assert _is_even(codes) or _is_even([make_code(place, kind, user) for _ in range(rounds(60, 2000))])


@pytest.mark.timeout(900)  # the stated counts take minutes on two cores
def test_s_rac_01_exchange_codes_are_spent_once(case: Case, place: Place, rounds: Rounds) -> None:
    case.control(lambda: exchange(place, make_code(place)).status == 200)
    for kind, (_, path) in KINDS.items():
        with case.cell(kind):
            for _ in range(rounds(8, 200)):
                before = len(place.rows("sessions"))
                wish = place.api.wish("POST", path, body={"code": make_code(place, kind)})
                answers = place.http.send_at_once([wish] * 50)
                assert sum(answer.status == 200 for answer in answers) == 1
                for answer in answers:
                    if answer.status != 200:
                        assert_refused(answer)
                assert len(place.rows("sessions")) == before + 1


@pytest.mark.timeout(900)  # the stated counts take minutes on two cores
def test_s_rac_04_social_users_come_into_being_once(case: Case, make_social: MakeSocial, rounds: Rounds) -> None:
    """Many browsers come back at once, as the same person and as different people with one address."""
    from concurrent.futures import ThreadPoolExecutor

    social = make_social()
    case.control(lambda: bool(social.sign_in()["userId"]))
    whole: dict[str, Callable[[int, int], dict[str, object]]] = {
        "social just-in-time users": lambda number, _: {"sub": f"p{number}", "email": f"p{number}@example.com"},
        "people with one verified address": lambda number, one: {
            "sub": f"q{number}-{one}",
            "email": f"q{number}@example.com",
        },
        "one person without address": lambda number, _: {"sub": f"r{number}"},
    }
    for name, person in whole.items():
        with case.cell(name):
            for _ in range(rounds(2, 20)):
                number = next(_numbers)
                callbacks = []
                for one in range(12):
                    social.peer.person = {**person(number, one), "email_verified": True}
                    journey = social.open(social.start())
                    callbacks.append((journey.visitor, social.peer.authorize(journey.asked.url)))
                before = len(social.users())
                with ThreadPoolExecutor(12) as pool:
                    pages = list(pool.map(lambda pair: pair[0].get(pair[1]), callbacks))
                assert len(social.users()) == before + 1
                for page in pages:
                    assert page.status == 303
                    assert page.parameter("code") or page.parameter("err") == "E062107"
                assert any(page.parameter("code") for page in pages)


def test_s_sec_01_exchange_codes_at_rest(case: Case, place: Place) -> None:
    case.control(lambda: exchange(place, make_code(place)).status == 200)
    waiting, used = make_code(place), make_code(place)
    assert exchange(place, used).status == 200
    stored = everything_stored(place.avow.server.site.store.url)
    for name, code in {"OAuth exchange code": waiting, "OAuth exchange code that was used": used}.items():
        with case.cell(name):
            assert not [each for each in spellings(code[-26:]) if each in stored]


def test_s_sec_02_provider_secrets_are_encrypted(case: Case, make_place: MakePlace) -> None:
    place, other = make_place(), make_place()
    case.control(lambda: exchange(place, make_code(place)).status == 200)
    one, two = make_user(place.avow), make_user(place.avow)
    for user in (one, two):
        make_provider_token(place.avow, user)
    stored = everything_stored(place.avow.server.site.store.url)
    with case.cell("tokens of providers"):
        for secret in ("access-secret", "refresh-secret"):
            assert not [each for each in spellings(secret) if each in stored]
        kept = place.avow.run(lambda tx: tokens.kept(tx, one, "google"))
        assert kept is not None
        assert kept.secrets.access_token == "access-secret"
        assert "access-secret" not in repr(kept)
    with case.cell("tokens of providers in another user's place"), pytest.raises(SealBroken):
        place.avow.run(lambda tx: _swapped(tx, one, two))
    for name in ("one", "two"):
        _provider(place, name, f"the secret of the client called {name}")
    stored = everything_stored(place.avow.server.site.store.url)
    held = {name: place.avow.run(partial(_get, name=name)) for name in ("one", "two")}
    with case.cell("client secrets of social providers"):
        for name, provider in held.items():
            secret = f"the secret of the client called {name}"
            assert place.avow.run(lambda tx, provider=provider: providers.client_secret(tx, provider)) == secret  # type: ignore[misc]
            assert not [each for each in spellings(secret) if each in stored]
    moved = dataclasses.replace(held["one"], sealed_secret=held["two"].sealed_secret)
    with case.cell("client secret in another provider's place"), pytest.raises(SealBroken):
        place.avow.run(lambda tx: providers.client_secret(tx, moved))
    with case.cell("client secret in another project"), pytest.raises(SealBroken):
        other.avow.run(lambda tx: providers.client_secret(tx, held["one"]))


def _swapped(tx: Tx, one: str, two: str) -> None:
    found = tx.one(federation_rows.TOKENS, federation_rows.TokenRow, user_id=two, provider="google")
    assert found is not None
    tx.vault.open(found.sealed, row=federation_rows.sealed_row(tx.project_id, one, "google"))


def _get(tx: Tx, name: str) -> Held:
    return providers.get(tx, name)


def _provider(place: Place, name: str, secret: str) -> Answer:
    body = {"name": name, "clientId": "us", "clientSecret": secret, "issuer": "https://id.example.com"}
    answer = place.api.post("/v1/mgmt/avow/provider/save", place.avow.management_key, body)
    assert answer.status == 200, answer.content
    return answer


def test_s_sec_04_client_secrets_are_write_only(case: Case, place: Place) -> None:
    key, path = place.avow.management_key, "/v1/mgmt/avow/provider"
    case.control(lambda: place.api.get(f"{path}/all", key).status == 200)
    secret = "the secret of our client"
    made = _provider(place, "acme", secret)
    refused = place.api.post(
        f"{path}/save", key, {"name": "acme", "clientId": "us", "clientSecret": secret, "issuer": "no URL"}
    )
    with case.cell("providers"):
        assert refused.status == 400
        for answer in (
            made,
            refused,
            place.api.get(f"{path}?name=acme", key),
            place.api.get(f"{path}/all", key),
            place.api.post("/v1/mgmt/project/export", key, {}),
            place.api.post("/v1/mgmt/audit/search", key, {}),
        ):
            assert secret.encode() not in answer.content


def test_s_typ_06_social_start(case: Case, make_social: MakeSocial) -> None:
    social = make_social()
    case.control(lambda: bool(social.sign_in()["userId"]))
    from avow import LoginOptions

    for start in ("start", "sign_in", "sign_up"):
        social.peer.person = {"sub": f"typ-{next(_numbers)}", "email": new_email(), "email_verified": True}
        if start == "sign_in":
            social.sign_in()
        wish = LoginOptions(custom_claims={**RESERVED, "shoe_size": 44})
        url = getattr(social.client.oauth, start)("acme", "https://app.example.com/handle-oauth", wish)["url"]
        session: Any = social.client.oauth.exchange_token(social.come_back(social.open(url)).code)
        refreshed: Any = social.client.refresh_session(session["refreshSessionToken"]["jwt"])
        for name, token in {"session": session["sessionToken"], "next": refreshed["sessionToken"]}.items():
            claims = claims_of(token["jwt"])
            with case.cell(f"social {start}, {name} token"):
                assert (claims["sub"], claims["iss"]) == (session["userId"], social.avow.project_id)
                assert (claims["amr"], claims["drn"]) == (["oauth"], "DS")
                assert claims["nsec"] == {"shoe_size": 44}
                assert not claims.get("roles")
                assert not claims.get("tenants")
                assert not {"tkn", "su", "dct", "dsub", "aud", "projectId", "userId", "email_verified"} & set(claims)
        for name, unbearable in _unbearable().items():
            with case.cell(f"social {start}, {name}"):
                reply = _raw_start(social, start, unbearable)
                assert_refused(reply, 400)


def _raw_start(social: Any, start: str, claims: object) -> Answer:
    from tests.security.calls import Api, InProcess

    site = social.avow.server.site
    api = Api(social.avow.project_id, InProcess(site), site.settings.public_origin)
    path = {"start": "", "sign_in": "/signin", "sign_up": "/signup"}[start]
    url = f"/v1/auth/oauth/authorize{path}?provider=acme&redirectURL=https%3A%2F%2Fapp.example.com%2Fhandle-oauth"
    return api.post(url, body={"customClaims": claims})


def test_s_rac_04_two_who_are_admitted_at_once(case: Case, place: Place) -> None:
    """The unit that makes a user is run again when somebody else was first; here it sees what they wrote."""
    case.control(lambda: exchange(place, make_code(place)).status == 200)
    way = KINDS["OAuth exchange code"][0]
    person = Person(issuer="https://id.example.com", subject="s-1", email=new_email(), is_email_verified=True)

    def unit(tx: Tx) -> str:
        project = load(tx, place.avow.server.site.settings)
        assert project is not None
        admitted = federation.admit(tx, project, Client("127.0.0.1"), way, person, Rule())
        assert not isinstance(admitted, Refusal)
        return admitted.profile.id

    with case.cell("the second is the first"):
        assert place.avow.run(unit) == place.avow.run(unit)
