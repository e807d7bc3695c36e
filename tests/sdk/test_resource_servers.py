"""Access tokens at an API: which ones hold, what they have to allow, and how a request without one is refused."""

import json
from typing import Any

import pytest

from avow.core.tokens import SigningKey
from avow.core.tokens.encoding import to_base64url, to_json
from avow.sdk._sync.resource import Guard
from avow.sdk.integration.refusals import Refusal
from avow.sdk.integration.settings import InvalidSettings
from avow.sdk.resource.credentials import Head
from avow.sdk.resource.guard import Judge
from avow.sdk.resource.metadata import metadata
from avow.sdk.resource.settings import Arguments, Resource
from avow.sdk.resource.tokens import AccessToken, Needs, needs
from tests.issuing import AUDIENCE, ISSUER, Issuer, proof

HERE = "https://api.example.com/any"


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


def ask(
    issuer: Issuer, *credentials: str, proofs: tuple[str, ...] = (), wanted: Needs | None = None, **more: Any
) -> AccessToken | Refusal:
    """Judge one request at an API that was just started."""
    return guard_of(issuer, **more).judge(Head("GET", lambda: HERE, credentials, proofs), wanted or Needs())


def guard_of(issuer: Issuer, **more: Any) -> Guard:
    said = {"issuer": ISSUER, "audience": AUDIENCE, **more}
    return Guard(Judge(Resource(**said), issuer.clock), issuer)


def refused(found: AccessToken | Refusal) -> Refusal:
    assert isinstance(found, Refusal), found
    return found


def challenge(found: AccessToken | Refusal) -> str:
    return refused(found).headers["WWW-Authenticate"]


# --- Tokens ---


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
def test_token_of_the_issuer_holds(algorithm: str) -> None:
    issuer = Issuer(SigningKey.generate(algorithm))
    token = ask(issuer, f"Bearer {issuer.token(aud=['https://other.example.com', AUDIENCE])}")
    assert isinstance(token, AccessToken)
    assert (token.issuer, token.subject, token.client_id, token.token_id) == (ISSUER, "U1", "shop", "j1")
    assert (sorted(token.scopes), sorted(token.permissions)) == (["openid", "write"], ["read:admin"])
    assert token.person == (ISSUER, "U1")
    assert token.claims["jti"] == "j1"
    assert "U1" not in repr(refused(ask(issuer)))


@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt", "AT+JWT"])
def test_type_of_access_tokens_is_taken_however_it_is_spelt(issuer: Issuer, typ: str) -> None:
    assert isinstance(ask(issuer, f"Bearer {issuer.token(typ)}"), AccessToken)


@pytest.mark.parametrize("typ", ["JWT", "dpop+jwt", "logout+jwt", "id+jwt", ""])
def test_token_of_another_type_is_refused(issuer: Issuer, typ: str) -> None:
    assert 'error="invalid_token"' in challenge(ask(issuer, f"Bearer {issuer.token(typ)}"))


WRONG: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example.com/"},
    "the issuer without its slash": {"iss": ISSUER.rstrip("/")},
    "no issuer": {"iss": None},
    "another audience": {"aud": "https://other.example.com"},
    "an audience that begins like this one": {"aud": f"{AUDIENCE}/more"},
    "no audience": {"aud": None},
    "the client as audience": {"aud": "shop"},
    "ended": {"exp": 1_800_000_000 - 6},
    "no end": {"exp": None},
    "an end in milliseconds": {"exp": 1_800_000_300_000},
    "not yet": {"nbf": 1_800_000_060},
    "from the future": {"iat": 1_800_000_060},
    "no iat": {"iat": None},
    "no subject": {"sub": None},
    "no client": {"client_id": None},
    "no name": {"jti": None},
    "a session token's kind": {"drn": "DS"},
}


@pytest.mark.parametrize("title", WRONG)
def test_token_that_says_something_else_is_refused(issuer: Issuer, title: str) -> None:
    found = refused(ask(issuer, f"Bearer {issuer.token(**WRONG[title])}"))
    assert (found.status, found.sentence) == (401, "The access token does not hold.")  # and not which rule
    assert 'error="invalid_token"' in found.headers["WWW-Authenticate"]


def test_token_by_another_key_is_refused(issuer: Issuer) -> None:
    stranger = SigningKey.generate("ES256")
    borrowed = SigningKey(issuer.key.kid, "ES256", stranger.private, stranger.public)
    for key in (stranger, borrowed):
        assert refused(ask(issuer, f"Bearer {issuer.token(key=key)}")).status == 401


def test_token_that_held_ends_when_it_ends(issuer: Issuer) -> None:
    guard, token = guard_of(issuer), issuer.token()
    head = Head("GET", lambda: HERE, [f"Bearer {token}"])
    assert isinstance(guard.judge(head, Needs()), AccessToken)
    issuer.now += 304
    assert isinstance(guard.judge(head, Needs()), AccessToken)  # within the leeway
    issuer.now += 1
    assert refused(guard.judge(head, Needs())).status == 401


OF_OTHERS: dict[str, dict[str, Any]] = {
    "an ID token": {"aud": ["shop", AUDIENCE], "azp": "shop"},
    "one for a sign-in": {"nonce": "n"},
    "one beside a code": {"c_hash": "x"},
    "a logout token": {"events": {}},
    "Keycloak's refresh token": {"typ": "Refresh"},
    "Cognito's ID token": {"token_use": "id"},
}


def test_plain_tokens_are_taken_where_that_was_said(issuer: Issuer) -> None:
    plain = issuer.token("JWT", jti=None, client_id=None, azp="shop")
    token = ask(issuer, f"Bearer {plain}", allows_plain_jwt=True)
    assert isinstance(token, AccessToken)
    assert token.client_id == "shop"
    assert refused(ask(issuer, f"Bearer {plain}")).status == 401


@pytest.mark.parametrize("title", OF_OTHERS)
def test_plain_tokens_for_something_else_are_refused_all_the_same(issuer: Issuer, title: str) -> None:
    token = issuer.token("JWT", **{"azp": "shop", **OF_OTHERS[title]})
    assert refused(ask(issuer, f"Bearer {token}", allows_plain_jwt=True)).status == 401


@pytest.mark.parametrize(
    ("said", "is_machine"),
    [
        ({}, False),
        ({"gty": "client-credentials"}, True),
        ({"sub": "shop"}, True),
        ({"sub": "shop@clients"}, True),
        ({"sub": "U1@clients", "client_id": "other"}, True),
    ],
)
def test_machine_is_nobody(issuer: Issuer, said: dict[str, Any], is_machine: bool) -> None:
    token = ask(issuer, f"Bearer {issuer.token(**said)}")
    assert isinstance(token, AccessToken)
    assert (token.is_machine, token.person is None) == (is_machine, is_machine)
    found = ask(issuer, f"Bearer {issuer.token(**said)}", wanted=Needs(people_only=True))
    assert isinstance(found, Refusal) == is_machine


def test_machine_may_be_known_by_a_mark_of_its_issuer(issuer: Issuer) -> None:
    service = f"Bearer {issuer.token(preferred_username='service-account-shop')}"
    person = f"Bearer {issuer.token(preferred_username='ann')}"
    said: dict[str, Any] = {
        "is_machine": lambda claims: claims.get("preferred_username", "").startswith("service-account-"),
        "wanted": Needs(people_only=True),
    }
    assert refused(ask(issuer, service, **said)).status == 403
    assert isinstance(ask(issuer, person, **said), AccessToken)
    assert isinstance(ask(issuer, service, wanted=Needs(people_only=True)), AccessToken)  # no standard tells


def test_what_a_reader_does_to_claims_is_not_seen_by_the_next(issuer: Issuer) -> None:
    guard = guard_of(issuer)
    head = Head("GET", lambda: HERE, [f"Bearer {issuer.token(realm={'roles': ['reader']})}"])
    for _ in range(2):
        token = guard.judge(head, Needs())
        assert isinstance(token, AccessToken)
        assert token.claims["realm"] == {"roles": ["reader"]}
        assert json.loads(json.dumps(dict(token.claims)))["realm"] == {"roles": ["reader"]}
        token.claims["realm"]["roles"].append("admin")
        with pytest.raises(TypeError):
            token.claims["sub"] = "U2"  # type: ignore[index]


def test_instants_of_other_issuers_may_have_fractions(issuer: Issuer) -> None:
    token = ask(issuer, f"Bearer {issuer.token(exp=issuer.now + 60.5, iat=issuer.now - 0.5, nbf=issuer.now - 0.5)}")
    assert isinstance(token, AccessToken)
    assert token.expires_at == issuer.now + 60
    for wrong in ({"exp": issuer.now - 5.5}, {"iat": issuer.now + 60.5}, {"exp": True}, {"exp": "1900000000"}):
        assert refused(ask(issuer, f"Bearer {issuer.token(**wrong)}")).status == 401


# --- What it has to allow ---


@pytest.mark.parametrize(
    ("said", "wanted", "is_enough"),
    [
        ({}, {"permissions": ["read:admin"]}, True),
        ({}, {"scopes": ["write"], "permissions": ["read:admin"]}, True),
        ({}, {"permissions": ["read:admin", "write"]}, False),  # a scope is no permission
        ({}, {"scopes": ["read:admin"]}, False),  # and the other way round
        ({"permissions": None}, {"permissions": ["read:admin"]}, False),
        ({"permissions": "read:admin"}, {"permissions": ["read:admin"]}, False),
        ({"permissions": ["read:admin-not"]}, {"permissions": ["read:admin"]}, False),
        ({"permissions": [["read:admin"]]}, {"permissions": ["read:admin"]}, False),
        ({"scope": ["write"]}, {"scopes": ["write"]}, False),
        ({"scope": "writes"}, {"scopes": ["write"]}, False),
        ({"scope": None}, {"scopes": ["write"]}, False),
    ],
)
def test_rights(issuer: Issuer, said: dict[str, Any], wanted: dict[str, Any], is_enough: bool) -> None:
    found = ask(issuer, f"Bearer {issuer.token(**said)}", wanted=needs(**wanted))
    assert isinstance(found, AccessToken) == is_enough
    if isinstance(found, Refusal):
        named = " ".join((*wanted.get("scopes", ()), *wanted.get("permissions", ())))
        assert (found.status, 'error="insufficient_scope"' in challenge(found)) == (403, True)
        assert f'scope="{named}"' in challenge(found)


def test_needs_are_lists_of_names() -> None:
    for wrong in ({"permissions": "read"}, {"scopes": "write"}, {"scopes": [""]}):
        with pytest.raises(ValueError, match="lists of names"):
            needs(**wrong)


def test_permission_that_is_no_scope_breaks_no_header(issuer: Issuer) -> None:
    found = ask(issuer, f"Bearer {issuer.token()}", wanted=needs(permissions=['see "all"', "write"]))
    assert 'scope="write"' in challenge(found)


# --- Refusals ---


def test_stranger_is_told_what_to_bring_and_no_error(issuer: Issuer) -> None:
    found = refused(ask(issuer, wanted=needs(scopes=["write"])))
    assert found.status == 401
    assert found.headers == {"WWW-Authenticate": 'Bearer realm="api", scope="write"'}
    assert challenge(ask(issuer, "Basic c2hvcDpzZWNyZXQ=")) == 'Bearer realm="api"'
    assert issuer.asked == []


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer a b", "Bearer a,Bearer b", "bearer \xe4", "DPoP {}"])
def test_malformed_credentials_are_a_bad_request(issuer: Issuer, header: str) -> None:
    found = refused(ask(issuer, header))
    assert (found.status, 'error="invalid_request"' in challenge(found)) == (400, True)


def test_two_credentials_are_a_bad_request(issuer: Issuer) -> None:
    token = f"Bearer {issuer.token()}"
    assert refused(ask(issuer, token, token)).status == 400


def test_refusals_name_the_metadata_where_there_is_one(issuer: Issuer) -> None:
    at = 'resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/mcp"'
    more: dict[str, Any] = {"publishes_metadata": True}
    assert at in challenge(ask(issuer, **more))
    assert at in challenge(ask(issuer, "Bearer x", **more))
    assert at in challenge(ask(issuer, f"Bearer {issuer.token()}", wanted=needs(scopes=["x"]), **more))
    assert "resource_metadata" not in challenge(ask(issuer))


# --- The issuer's keys ---


def test_keys_are_asked_for_once(issuer: Issuer) -> None:
    guard = guard_of(issuer)
    for _ in range(3):
        assert isinstance(guard.judge(Head("GET", str, [f"Bearer {issuer.token()}"]), Needs()), AccessToken)
    assert issuer.asked == [f"{ISSUER}.well-known/openid-configuration", "https://keys.example.com/jwks?v=1"]


def test_new_key_is_found_and_invented_ones_ask_once_a_minute(issuer: Issuer) -> None:
    guard = guard_of(issuer)
    assert isinstance(guard.judge(Head("GET", str, [f"Bearer {issuer.token()}"]), Needs()), AccessToken)
    issuer.key = SigningKey.generate("ES256")
    assert isinstance(guard.judge(Head("GET", str, [f"Bearer {issuer.token()}"]), Needs()), AccessToken)
    before = len(issuer.asked)
    for _ in range(20):
        token = issuer.token(key=SigningKey.generate("ES256"))
        assert refused(guard.judge(Head("GET", str, [f"Bearer {token}"]), Needs())).status == 401
    assert len(issuer.asked) == before


def test_key_that_was_taken_back_counts_no_more(issuer: Issuer) -> None:
    guard, token = guard_of(issuer), issuer.token(exp=issuer.now + 3600)
    head = Head("GET", str, [f"Bearer {token}"])
    assert isinstance(guard.judge(head, Needs()), AccessToken)
    issuer.key = SigningKey.generate("ES256")
    issuer.now += 600
    assert refused(guard.judge(head, Needs())).status == 401


def test_issuer_that_is_away_is_no_fault_of_the_token(issuer: Issuer) -> None:
    issuer.is_away = True
    found = refused(ask(issuer, f"Bearer {issuer.token()}"))
    assert (found.status, found.headers) == (503, {"Retry-After": "2"})
    guard = guard_of(issuer)
    issuer.is_away = False
    head = Head("GET", str, [f"Bearer {issuer.token()}"])
    assert isinstance(guard.judge(head, Needs()), AccessToken)
    issuer.is_away = True
    issuer.now += 299
    assert isinstance(guard.judge(head, Needs()), AccessToken)  # its keys still count


@pytest.mark.parametrize(
    "description",
    [
        {"issuer": "https://id.example.com"},
        {"issuer": "https://evil.example.com/"},
        {"jwks_uri": "http://id.example.com/keys"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": None},
    ],
)
def test_issuer_that_describes_another_is_not_believed(issuer: Issuer, description: dict[str, Any]) -> None:
    issuer.description = description
    assert refused(ask(issuer, f"Bearer {issuer.token()}")).status == 503
    assert issuer.asked == [f"{ISSUER}.well-known/openid-configuration"]


def test_description_is_not_asked_for_where_the_keys_are_known(issuer: Issuer) -> None:
    token = f"Bearer {issuer.token()}"
    assert isinstance(ask(issuer, token, keys_url="https://keys.example.com/jwks"), AccessToken)
    assert issuer.asked == ["https://keys.example.com/jwks"]


def test_unusable_keys_beside_good_ones_are_passed_over(issuer: Issuer) -> None:
    good = json.loads(issuer.key.public_jwk())
    del good["alg"]
    others = [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "symmetric", "alg": "HS256"},
        {**good, "kid": "for encryption", "use": "enc"},
        {**good, "kid": "of another algorithm", "alg": "ES384"},
        {"kty": "RSA", "kid": "small", "n": "AQAB", "e": "AQAB"},
        "nonsense",
    ]
    issuer.keys = json.dumps({"keys": [*others, good]}).encode()
    assert isinstance(ask(issuer, f"Bearer {issuer.token()}"), AccessToken)


def test_key_that_stands_there_twice_counts_once(issuer: Issuer) -> None:
    mine = json.loads(issuer.key.public_jwk())
    other = json.loads(SigningKey.generate("ES256").public_jwk())
    issuer.keys = json.dumps({"keys": [mine, mine, {**other, "kid": issuer.key.kid}]}).encode()
    assert isinstance(ask(issuer, f"Bearer {issuer.token()}"), AccessToken)


def test_token_without_a_key_id_is_of_the_only_key_of_its_algorithm(issuer: Issuer) -> None:
    def nameless(key: SigningKey) -> str:
        head = to_base64url(to_json({"alg": key.algorithm, "typ": "at+jwt"}))
        message = f"{head}.{to_base64url(to_json(issuer.claims()))}"
        return f"Bearer {message}.{to_base64url(key.signature(message.encode()))}"

    mine, other = json.loads(issuer.key.public_jwk()), json.loads(SigningKey.generate("ES256").public_jwk())
    rsa = json.loads(SigningKey.generate("RS256").public_jwk())
    del mine["kid"], rsa["kid"]
    issuer.keys = json.dumps({"keys": [mine, rsa]}).encode()
    assert isinstance(ask(issuer, nameless(issuer.key)), AccessToken)
    assert refused(ask(issuer, nameless(SigningKey.generate("ES256")))).status == 401
    issuer.keys = json.dumps({"keys": [mine, other]}).encode()
    assert refused(ask(issuer, nameless(issuer.key))).status == 401


def test_failed_fetch_is_told_once_by_the_name_of_the_issuer(issuer: Issuer, caplog: pytest.LogCaptureFixture) -> None:
    issuer.is_away = True
    guard, head = guard_of(issuer), Head("GET", lambda: HERE, [f"Bearer {issuer.token()}"])
    assert [refused(guard.judge(head, Needs())).status for _ in range(5)] == [503] * 5
    told = [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]
    assert len(told) == 1
    assert ISSUER in told[0]


# --- Proofs of possession ---


@pytest.fixture
def holder() -> SigningKey:
    return SigningKey.generate("ES256")


def bound(issuer: Issuer, holder: SigningKey) -> str:
    return issuer.token(cnf={"jkt": holder.kid})


def test_bound_token_needs_its_proof(issuer: Issuer, holder: SigningKey) -> None:
    token, now = bound(issuer, holder), issuer.now
    assert isinstance(ask(issuer, f"DPoP {token}", proofs=(proof(holder, token, now),)), AccessToken)
    for scheme, proofs in (("Bearer", ()), ("Bearer", (proof(holder, token, now),)), ("DPoP", ())):
        text = challenge(ask(issuer, f"{scheme} {token}", proofs=proofs))
        assert text.startswith('DPoP realm="api", error="invalid_token"')
        assert 'algs="ES256 RS256 EdDSA"' in text


WRONG_PROOFS: dict[str, dict[str, Any]] = {
    "another method": {"htm": "POST"},
    "another address": {"htu": "https://api.example.com/admin"},
    "another host": {"htu": "https://evil.example.com/any"},
    "old": {"iat": 1_800_000_000 - 61},
    "another token": {"ath": "x"},
    "no name": {"jti": ""},
}


@pytest.mark.parametrize("title", WRONG_PROOFS)
def test_proof_of_something_else_is_refused(issuer: Issuer, holder: SigningKey, title: str) -> None:
    token = bound(issuer, holder)
    text = challenge(ask(issuer, f"DPoP {token}", proofs=(proof(holder, token, issuer.now, **WRONG_PROOFS[title]),)))
    assert text.startswith('DPoP realm="api", error="invalid_dpop_proof"')


def test_proof_by_another_key_or_twice_is_refused(issuer: Issuer, holder: SigningKey) -> None:
    token, guard = bound(issuer, holder), guard_of(issuer)
    thief = SigningKey.generate("ES256")
    mine, theirs = proof(holder, token, issuer.now), proof(thief, token, issuer.now)
    for proofs, is_taken in (((theirs,), False), ((mine, mine), False), ((mine,), True), ((mine,), False)):
        found = guard.judge(Head("GET", lambda: HERE, [f"DPoP {token}"], proofs), Needs())
        assert isinstance(found, AccessToken) == is_taken
    fresh = proof(holder, token, issuer.now)
    assert isinstance(guard.judge(Head("GET", lambda: HERE, [f"DPoP {token}"], [fresh]), Needs()), AccessToken)


def test_proof_names_the_address_that_clients_have(issuer: Issuer, holder: SigningKey) -> None:
    token = bound(issuer, holder)
    said: dict[str, Any] = {"public_url": "https://shop.example.com"}
    for address, is_taken in (("https://shop.example.com/any", True), (HERE, False)):
        made = proof(holder, token, issuer.now, htu=address)
        assert isinstance(ask(issuer, f"DPoP {token}", proofs=(made,), **said), AccessToken) == is_taken


@pytest.mark.parametrize("path", ["/a b/é", "/a%20b/%C3%A9", "/a%20b/%c3%a9"])
def test_address_is_compared_as_clients_spell_it(issuer: Issuer, holder: SigningKey, path: str) -> None:
    token = bound(issuer, holder)
    made = proof(holder, token, issuer.now, htu="https://api.example.com/a%20b/%C3%A9")
    head = Head("GET", lambda: f"https://api.example.com{path}?q=1", [f"DPoP {token}"], [made])
    assert isinstance(guard_of(issuer).judge(head, Needs()), AccessToken)


def test_unbound_token_is_no_bound_one(issuer: Issuer, holder: SigningKey) -> None:
    token = issuer.token()
    assert refused(ask(issuer, f"DPoP {token}", proofs=(proof(holder, token, issuer.now),))).status == 401
    text = challenge(ask(issuer, f"Bearer {token}", requires_dpop=True))
    assert text.startswith('DPoP realm="api", error="invalid_token"')
    assert challenge(ask(issuer, requires_dpop=True)) == 'DPoP realm="api", algs="ES256 RS256 EdDSA"'


@pytest.mark.parametrize("binding", [{"x5t#S256": "x"}, {"jkt": "x", "x5t#S256": "x"}, {"jkt": 1}, "x", {}])
def test_token_bound_otherwise_is_refused_and_told_so(issuer: Issuer, binding: Any) -> None:
    found = refused(ask(issuer, f"Bearer {issuer.token(cnf=binding)}"))
    assert (found.status, "certificate" in found.sentence) == (401, True)


# --- Settings and metadata ---


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "http://id.example.com"},
        {"issuer": "id.example.com"},
        {"issuer": "https://id.example.com/?x=1"},
        {"issuer": "https://id.example.com:port/"},
        {"audience": " "},
        {"audience": ""},
        {"keys_url": "http://id.example.com/keys"},
        {"public_url": "https://api.example.com/v1"},
        {"audience": "urn:api", "publishes_metadata": True},
        {"audience": "https://api.example.com", "publishes_metadata": True},
        {"leeway_seconds": 301},
        {"timeout_seconds": 0},
    ],
)
def test_settings_that_cannot_work_are_refused(said: dict[str, Any]) -> None:
    with pytest.raises(InvalidSettings):
        Resource(**{"issuer": ISSUER, "audience": AUDIENCE, **said})


def test_issuer_on_this_machine_may_do_without_tls() -> None:
    said = Resource(issuer="http://localhost:8000/P1", audience="urn:api")
    assert said.described_at == "http://localhost:8000/P1/.well-known/openid-configuration"


def test_arguments_are_the_settings() -> None:
    assert {*Arguments.__annotations__, "issuer", "audience"} == {*Resource.__dataclass_fields__}


def test_metadata() -> None:
    said = Resource(issuer=ISSUER, audience=AUDIENCE, name="Notes", publishes_metadata=True)
    assert said.metadata_path == "/.well-known/oauth-protected-resource/mcp"
    assert Resource(issuer=ISSUER, audience="https://a.example.com/").metadata_path == said.metadata_path[:-4]
    assert Resource(issuer=ISSUER, audience=f"{AUDIENCE}/").metadata_path == f"{said.metadata_path}/"
    assert metadata(said, ["notes:read"]) == {
        "resource": AUDIENCE,
        "authorization_servers": [ISSUER],
        "scopes_supported": ["notes:read"],
        "bearer_methods_supported": ["header"],
        "resource_name": "Notes",
        "dpop_signing_alg_values_supported": ["ES256", "RS256", "EdDSA"],
    }
