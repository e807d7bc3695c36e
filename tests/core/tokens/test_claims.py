"""What a verifier demands of claims, to the second and to the character."""

import pytest

from avow.core.tokens import MAX_TOKEN_BYTES, Expected, KeySet, SigningKey, sign, unverified_kid, verify
from avow.errors import InvalidToken, TokenExpired

ISSUER = "P2qxGv4Ky8cWd1nRzT6bJhM3sLfA"
KINDS = frozenset({"DS"})

Claims = dict[str, object]


@pytest.fixture
def key(keys: dict[str, SigningKey]) -> SigningKey:
    return keys["EdDSA"]


def accepted(key: SigningKey, claims: Claims, expected: Expected, now: int) -> bool:
    try:
        verify(sign(key, claims), KeySet.of([key]), expected, now)
    except InvalidToken:
        return False
    return True


@pytest.mark.parametrize(("seconds", "holds"), [(-6, False), (-5, False), (-4, True), (0, True), (1, True)])
def test_exp_is_over_five_seconds_after_it(
    key: SigningKey, claims: Claims, expected: Expected, now: int, seconds: int, holds: bool
) -> None:
    assert accepted(key, {**claims, "exp": now + seconds}, expected, now) is holds


def test_an_expired_token_is_told_from_a_wrong_one(
    key: SigningKey, claims: Claims, expected: Expected, now: int
) -> None:
    published = KeySet.of([key])
    with pytest.raises(TokenExpired):
        verify(sign(key, claims), published, expected, now + 605)
    with pytest.raises(InvalidToken) as refused:
        verify(sign(key, {**claims, "iss": "P2other"}), published, expected, now + 605)
    assert not isinstance(refused.value, TokenExpired)


@pytest.mark.parametrize("exp", [True, 0.5, "1", None])
def test_an_exp_that_is_no_instant_is_wrong_rather_than_past(
    key: SigningKey, claims: Claims, expected: Expected, now: int, exp: object
) -> None:
    with pytest.raises(InvalidToken) as refused:
        verify(sign(key, {**claims, "exp": exp}), KeySet.of([key]), expected, now)
    assert not isinstance(refused.value, TokenExpired)


@pytest.mark.parametrize("name", ["iat", "nbf"])
@pytest.mark.parametrize(("seconds", "holds"), [(0, True), (5, True), (6, False)])
def test_iat_and_nbf_are_not_ahead(
    key: SigningKey, claims: Claims, expected: Expected, now: int, name: str, seconds: int, holds: bool
) -> None:
    assert accepted(key, {**claims, name: now + seconds}, expected, now) is holds


def test_only_exp_has_to_be_there_of_the_times(key: SigningKey, claims: Claims, expected: Expected, now: int) -> None:
    del claims["iat"]
    assert accepted(key, claims, expected, now)


@pytest.mark.parametrize(("seconds", "holds"), [(1005, True), (1006, False)])
def test_exp_is_not_beyond_the_longest_lifetime(
    key: SigningKey, claims: Claims, now: int, seconds: int, holds: bool
) -> None:
    short = Expected(ISSUER, KINDS, max_lifetime_seconds=1000)
    assert accepted(key, {**claims, "exp": now + seconds}, short, now) is holds


def test_leeway_can_be_none(key: SigningKey, claims: Claims, now: int) -> None:
    strict = Expected(ISSUER, KINDS, leeway_seconds=0)
    assert accepted(key, {**claims, "exp": now + 1}, strict, now)
    assert not accepted(key, {**claims, "exp": now}, strict, now)
    assert not accepted(key, {**claims, "iat": now + 1}, strict, now)


@pytest.mark.parametrize(
    ("audience", "holds"),
    [(None, False), ("C2", False), ([], False), (["C2", "C1"], True), ("C1", True), (ISSUER, False), ("c1", False)],
)
def test_a_demanded_audience_has_to_be_named(
    key: SigningKey, claims: Claims, now: int, audience: object, holds: bool
) -> None:
    payload = claims if audience is None else {**claims, "aud": audience}
    assert accepted(key, payload, Expected(ISSUER, KINDS, audience=("C1",)), now) is holds


@pytest.mark.parametrize(
    ("audience", "holds"), [(ISSUER, True), ([ISSUER], True), (["C2", ISSUER], True), ("C2", False), ([], False)]
)
def test_an_audience_that_nobody_demands_names_the_issuer(
    key: SigningKey, claims: Claims, expected: Expected, now: int, audience: object, holds: bool
) -> None:
    assert accepted(key, {**claims, "aud": audience}, expected, now) is holds


def test_any_of_the_kinds_is_accepted(key: SigningKey, claims: Claims, now: int) -> None:
    both = Expected(ISSUER, frozenset({"DS", "DSR"}))
    assert accepted(key, claims, both, now)
    assert accepted(key, {**claims, "drn": "DSR"}, both, now)
    assert not accepted(key, {**claims, "drn": "DTD"}, both, now)


def test_a_verifier_of_no_kind_refuses_session_tokens(key: SigningKey, claims: Claims, now: int) -> None:
    openid = Expected(ISSUER, frozenset())
    assert not accepted(key, claims, openid, now)
    del claims["drn"]
    assert accepted(key, claims, openid, now)


def test_typ_is_demanded_by_the_verifier(key: SigningKey, claims: Claims, expected: Expected, now: int) -> None:
    published = KeySet.of([key])
    access = Expected(ISSUER, KINDS, typ="at+jwt")
    token = sign(key, claims, typ="at+jwt")
    assert verify(token, published, access, now).claims() == claims
    assert unverified_kid(token, typ="at+jwt") == key.kid
    with pytest.raises(InvalidToken):
        verify(token, published, expected, now)
    with pytest.raises(InvalidToken):
        verify(sign(key, claims), published, access, now)


def test_the_caller_owns_the_claims(key: SigningKey, claims: Claims, expected: Expected, now: int) -> None:
    verified = verify(sign(key, claims), KeySet.of([key]), expected, now)
    mine = verified.claims()
    mine.clear()
    assert verified.claims() == claims
    assert (verified.kid, verified.exp) == (key.kid, claims["exp"])
    assert "Zoë" not in repr(verified)


def test_a_token_that_nobody_would_accept_is_not_signed(key: SigningKey, claims: Claims, now: int) -> None:
    with pytest.raises(ValueError, match="16384"):
        sign(key, {**claims, "x": "A" * MAX_TOKEN_BYTES})


def test_the_longest_token_is_accepted(key: SigningKey, claims: Claims, expected: Expected, now: int) -> None:
    fits = {**claims, "x": "A" * 11_000, "y": {f"T{number}": {"roles": []} for number in range(40)}}
    token = sign(key, fits)
    assert verify(token, KeySet.of([key]), expected, now).claims() == fits
