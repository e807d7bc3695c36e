"""Whatever comes, a verifier answers with InvalidToken or with what was signed."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avow.core.tokens import ALGORITHMS, Expected, KeySet, SigningKey, sign, unverified_kid, verify
from avow.core.tokens.encoding import to_base64url
from avow.errors import InvalidToken

NOW = 1_800_000_000
KEYS = {algorithm: SigningKey.generate(algorithm) for algorithm in ALGORITHMS}
PUBLISHED = KeySet.of(KEYS.values())
EXPECTED = Expected(issuer="P1", kinds=frozenset({"DS"}))
GENUINE = {name: sign(key, {"iss": "P1", "sub": "U1", "drn": "DS", "exp": NOW + 60}) for name, key in KEYS.items()}
FAST = SigningKey.generate("EdDSA")

PARTS = st.text("AQgw_-=.eyJ0\n", max_size=40) | st.binary(max_size=40).map(to_base64url)
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.lists(st.text(max_size=4), max_size=2)
)
NAMES = st.sampled_from(["iss", "sub", "drn", "exp", "iat", "nbf", "aud", "alg", "kid", "typ", "crit", "jwk", "x"])


def refused(token: str, keys: KeySet = PUBLISHED) -> bool:
    try:
        verify(token, keys, EXPECTED, NOW)
    except InvalidToken:
        return True
    return False


@given(st.text() | st.lists(PARTS, min_size=1, max_size=5).map(".".join))
def test_arbitrary_text_is_never_accepted(text: str) -> None:
    assert refused(text)
    try:
        unverified_kid(text)
    except InvalidToken:
        return
    raise AssertionError("no arbitrary text has a header")


@given(st.sampled_from(ALGORITHMS), st.integers(0, 5_000), st.characters())
def test_one_changed_character_is_refused(algorithm: str, place: int, character: str) -> None:
    token = GENUINE[algorithm]
    place %= len(token)
    changed = token[:place] + character + token[place + 1 :]
    assert (changed == token) or refused(changed)


@given(st.sampled_from(ALGORITHMS), st.integers(0, 5_000), st.integers(1, 20))
def test_a_cut_token_is_refused(algorithm: str, place: int, length: int) -> None:
    token = GENUINE[algorithm]
    place %= len(token)
    assert refused(token[:place] + token[place + length :])


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_any_header_but_the_right_one_is_refused(header: dict[str, object]) -> None:
    message = f"{to_base64url(json.dumps(header).encode())}.{GENUINE['EdDSA'].split('.')[1]}"
    token = f"{message}.{to_base64url(KEYS['EdDSA'].signature(message.encode()))}"
    assert refused(token)


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_any_signed_claims_are_refused_or_right(changes: dict[str, object]) -> None:
    payload = {"iss": "P1", "sub": "U1", "drn": "DS", "exp": NOW + 60} | changes
    message = f"{FAST.header('JWT')}.{to_base64url(json.dumps(payload).encode())}"
    token = f"{message}.{to_base64url(FAST.signature(message.encode()))}"
    if not refused(token, KeySet.of([FAST])):
        assert payload["iss"] == "P1"
        assert payload["drn"] == "DS"
        assert isinstance(payload["sub"], str)
        assert isinstance(payload["exp"], int)
        assert payload["exp"] > NOW - 5


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=50)
@given(st.sampled_from(ALGORITHMS), st.dictionaries(st.text("abcxyz", min_size=4), st.text() | st.integers(0, 2**62)))
def test_what_was_signed_comes_back(algorithm: str, more: dict[str, object]) -> None:
    claims = more | {"iss": "P1", "sub": "U1", "drn": "DS", "exp": NOW + 60, "iat": NOW}
    verified = verify(sign(KEYS[algorithm], claims), PUBLISHED, EXPECTED, NOW)
    assert verified.claims() == claims
    assert verified.kid == KEYS[algorithm].kid
