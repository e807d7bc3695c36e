"""Claims, signing and reading of tokens, for every setting that changes them."""

import time
from datetime import timedelta
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory

from avow.django.jwt import tokens
from avow.django.jwt.exceptions import JWTBlacklistError, JWTValidationError
from tests.django.jwt.conftest import KEY, Configure

REQUEST = RequestFactory().post("/login/")


def pair(private: Any) -> dict[str, str]:
    """Return the settings of a key pair."""
    secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return {"DJWTO_SIGNING_KEY": secret, "DJWTO_VERIFYING_KEY": public}


RSA = rsa.generate_private_key(65_537, 2_048)
CURVE = ec.generate_private_key(ec.SECP256R1())


def refused(token: str) -> str:
    with pytest.raises(JWTValidationError) as refusal:
        tokens.decode_token(token)
    return str(refusal.value)


def test_claims_have_what_the_settings_say(configure: Configure, alice: Any) -> None:
    configure(
        DJWTO_ISS_CLAIM="iss",
        DJWTO_SUB_CLAIM="sub",
        DJWTO_AUD_CLAIM=["a", "b"],
        DJWTO_NBF_LIFETIME=timedelta(minutes=1),
    )
    now = int(time.time())
    claims = tokens.process_claims(alice, REQUEST)
    assert list(claims) == ["iss", "sub", "aud", "iat", "exp", "nbf", "jti", "type", "user"]
    assert (claims["iss"], claims["sub"], claims["aud"], claims["type"]) == ("iss", "sub", ["a", "b"], "refresh")
    assert now <= claims["iat"] <= now + 5
    assert (claims["exp"] - claims["iat"], claims["nbf"] - claims["iat"]) == (86_400, 60)
    assert claims["user"] == {"username": "alice", "id": alice.pk, "perms": []}
    assert tokens.process_claims(alice, REQUEST)["jti"] != claims["jti"]


def test_claims_lack_what_the_settings_leave_out(configure: Configure, alice: Any) -> None:
    configure(DJWTO_IAT_CLAIM=False, DJWTO_JTI_CLAIM=False, DJWTO_REFRESH_TOKEN_LIFETIME=None)
    assert list(tokens.process_claims(alice, REQUEST)) == ["type", "user"]
    assert list(tokens.process_claims(None, REQUEST)) == ["type"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"DJWTO_ISS_CLAIM": 1},
        {"DJWTO_SUB_CLAIM": ["a"]},
        {"DJWTO_AUD_CLAIM": 1},
        {"DJWTO_AUD_CLAIM": [1]},
        {"DJWTO_REFRESH_TOKEN_LIFETIME": 300},
        {"DJWTO_REFRESH_TOKEN_LIFETIME": timedelta(-1)},
        {"DJWTO_NBF_LIFETIME": timedelta(-1)},
    ],
    ids=str,
)
def test_unusable_claims_are_refused(configure: Configure, alice: Any, wrong: dict[str, Any]) -> None:
    configure(**wrong)
    with pytest.raises(ImproperlyConfigured):
        tokens.process_claims(alice, REQUEST)


def test_access_claims_are_made_of_refresh_claims(alice: Any) -> None:
    refresh = tokens.process_claims(alice, REQUEST) | {"iat": 1_600_000_000, "own": 1}
    access = tokens.get_access_claims_from_refresh(refresh)
    assert (refresh["type"], "refresh_iat" in refresh) == ("refresh", False)
    assert access == {**refresh, "type": "access", "iat": access["iat"], "exp": access["iat"] + 300,
                      "refresh_iat": 1_600_000_000}  # fmt: skip


@pytest.mark.parametrize("lifetime", [1, timedelta(-1)], ids=str)
def test_unusable_lifetime_of_access_tokens_is_refused(configure: Configure, lifetime: object) -> None:
    configure(DJWTO_ACCESS_TOKEN_LIFETIME=lifetime)
    with pytest.raises(ImproperlyConfigured):
        tokens.get_access_claims_from_refresh({"iat": 1, "exp": 2})


def test_access_token_without_lifetime_ends_with_the_refresh_token(configure: Configure) -> None:
    configure(DJWTO_ACCESS_TOKEN_LIFETIME=None)
    assert tokens.get_access_claims_from_refresh({"iat": 1, "exp": 2})["exp"] == 2


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"DJWTO_ALGORITHM": "HS512"},
        {"DJWTO_ALGORITHM": "RS256", **pair(RSA)},
        {"DJWTO_ALGORITHM": "PS256", **pair(RSA)},
        {"DJWTO_ALGORITHM": "ES256", **pair(CURVE)},
    ],
    ids=["HS256", "HS512", "RS256", "PS256", "ES256"],
)
@pytest.mark.parametrize("strict", [False, True])
def test_token_is_read_back(configure: Configure, alice: Any, settings: dict[str, Any], strict: bool) -> None:
    configure(**settings, AVOW_JWT_STRICT=strict)
    claims = tokens.process_claims(alice, REQUEST)
    token = tokens.encode_claims(claims)
    assert pyjwt.get_unverified_header(token)["alg"] == settings.get("DJWTO_ALGORITHM", "HS256")
    assert tokens.decode_token(token) == claims


NOW = int(time.time())
LATER = NOW + 86_400  # tests may take their time
GOOD: dict[str, Any] = {"iss": "iss", "sub": "sub", "aud": "aud", "iat": NOW, "jti": "1", "exp": LATER}


@pytest.mark.parametrize("audience", ["aud", ["aud", "other"]], ids=str)
def test_configured_claims_are_demanded(configure: Configure, audience: object) -> None:
    configure(DJWTO_ISS_CLAIM="iss", DJWTO_SUB_CLAIM="sub", DJWTO_AUD_CLAIM=audience)
    assert tokens.decode_token(pyjwt.encode(GOOD, KEY)) == GOOD
    for name in ("iss", "sub", "aud", "iat", "jti"):
        missing = {key: value for key, value in GOOD.items() if key != name}
        assert refused(pyjwt.encode(missing, KEY)) == f'Token is missing the "{name}" claim'
    texts = {"iss": "Invalid issuer", "sub": "Invalid subject", "aud": "Audience doesn't match"}
    for name, text in texts.items():
        assert refused(pyjwt.encode(GOOD | {name: "another"}, KEY)) == text


def test_times_are_checked(configure: Configure) -> None:
    claims = {"iat": NOW, "jti": "1"}
    assert refused(pyjwt.encode(claims | {"exp": NOW - 1}, KEY)) == "Signature has expired"
    assert refused(pyjwt.encode(claims | {"nbf": LATER}, KEY)) == "The token is not yet valid (nbf)"
    assert refused(pyjwt.encode(claims | {"iat": LATER}, KEY)) == "The token is not yet valid (iat)"


def test_claims_that_are_switched_off_are_not_demanded(configure: Configure) -> None:
    configure(DJWTO_IAT_CLAIM=False, DJWTO_JTI_CLAIM=False)
    assert tokens.decode_token(pyjwt.encode({}, KEY)) == {}


def test_signature_and_algorithm_count(configure: Configure) -> None:
    claims = {"iat": NOW, "jti": "1"}
    assert refused(pyjwt.encode(claims, KEY[::-1])) == "Signature verification failed"
    assert refused(pyjwt.encode(claims, KEY, algorithm="HS384")) == "The specified alg value is not allowed"
    assert refused(pyjwt.encode(claims, "", algorithm="none")) == "The specified alg value is not allowed"
    public = pair(RSA)["DJWTO_VERIFYING_KEY"]
    configure(DJWTO_ALGORITHM="RS256", **pair(RSA))
    with pytest.raises(pyjwt.InvalidKeyError):  # PyJWT itself does not sign so; nor is such a token read
        pyjwt.encode(claims, public, algorithm="HS256")
    assert "alg" in refused(pyjwt.encode(claims, KEY))


@pytest.mark.parametrize("token", ["", "x", "abc.def.ghi", "..", "a.b.c.d", "é.é.é", "x" * 70_000])
@pytest.mark.parametrize("strict", [False, True])
def test_malformed_token_is_refused(configure: Configure, token: str, strict: bool) -> None:
    configure(AVOW_JWT_STRICT=strict)
    assert refused(token)


@pytest.mark.parametrize("key", ["", None])
@pytest.mark.parametrize("algorithm", ["HS256", "none"])
def test_nothing_is_signed_or_read_without_a_key(configure: Configure, key: str | None, algorithm: str) -> None:
    configure(DJWTO_SIGNING_KEY=key, DJWTO_ALGORITHM=algorithm)
    token = pyjwt.encode(GOOD, KEY)
    for use in (lambda: tokens.encode_claims(GOOD), lambda: tokens.decode_token(token)):
        with pytest.raises(ImproperlyConfigured):
            use()


def test_algorithm_none_is_never_used(configure: Configure) -> None:
    configure(DJWTO_ALGORITHM="none", DJWTO_IAT_CLAIM=False, DJWTO_JTI_CLAIM=False)
    unsigned = pyjwt.encode({"user": {"id": 1}}, "", algorithm="none")
    for use in (lambda: tokens.encode_claims({}), lambda: tokens.decode_token(unsigned)):
        with pytest.raises(ImproperlyConfigured, match="none"):
            use()


def test_public_key_is_needed_where_there_is_one(configure: Configure) -> None:
    configure(DJWTO_ALGORITHM="RS256", **pair(RSA) | {"DJWTO_VERIFYING_KEY": None})
    with pytest.raises(ImproperlyConfigured, match="VERIFYING_KEY"):
        tokens.decode_token(tokens.encode_claims(GOOD))


def test_key_of_another_kind_is_a_wrong_setting(configure: Configure) -> None:
    configure(DJWTO_ALGORITHM="RS256", DJWTO_VERIFYING_KEY=KEY)
    token = pyjwt.encode({"iat": NOW, "jti": "1"}, RSA, algorithm="RS256")
    with pytest.raises(ImproperlyConfigured, match="verified"):
        tokens.decode_token(token)


@pytest.mark.parametrize("more", [{}, {"AVOW_JWT_STRICT": True}, {"AVOW_JWT_STRICT": True, "DEBUG": True}], ids=str)
def test_short_key_neither_signs_nor_verifies(configure: Configure, more: dict[str, bool]) -> None:
    token = tokens.encode_claims(GOOD)
    configure(DJWTO_SIGNING_KEY="test key", **more)
    for use in (lambda: tokens.encode_claims(GOOD), lambda: tokens.decode_token(token)):
        with pytest.raises(ImproperlyConfigured, match="HMAC key is 8 bytes"):
            use()


def test_short_key_is_taken_with_a_warning_where_a_project_is_made(configure: Configure) -> None:
    configure(DJWTO_SIGNING_KEY="test key", DEBUG=True)
    with pytest.warns(match="HMAC key is 8 bytes"):
        assert tokens.decode_token(tokens.encode_claims({"iat": NOW, "jti": "1"}))


def test_djwtos_other_exception_has_its_name() -> None:
    assert issubclass(JWTBlacklistError, Exception)
