"""Every forged token of the security cases is refused, and the genuine one beside it is not."""

import tracemalloc
from collections.abc import Callable
from functools import partial

import pytest

from avow.core.tokens import MAX_TOKEN_BYTES, Expected, KeySet, SigningKey, sign, unverified_kid, verify
from avow.core.tokens.encoding import to_base64url
from avow.errors import InvalidToken, TokenExpired, UnknownKey
from tests.forgeries import forgeries


def test_every_forgery_is_refused(
    key: SigningKey, claims: dict[str, object], expected: Expected, now: int, subtests: pytest.Subtests
) -> None:
    published = KeySet.of([key])
    genuine = sign(key, claims)
    assert verify(genuine, published, expected, now).claims() == claims
    for forgery in forgeries(key, claims):
        with subtests.test(str(forgery)):
            with pytest.raises(InvalidToken) as refused:
                verify(forgery.token, published, expected, now)
            assert refused.value.status_code == 401
            assert refused.value.detail
    assert verify(genuine, published, expected, now).claims() == claims


def test_oversized_tokens_are_refused_without_a_copy_of_them(
    key: SigningKey, claims: dict[str, object], expected: Expected, now: int, subtests: pytest.Subtests
) -> None:
    published = KeySet.of([key])
    oversized = [row for row in forgeries(key, claims) if len(row.token) > MAX_TOKEN_BYTES]
    assert len(oversized) >= 6
    for forgery in oversized:
        with subtests.test(str(forgery)):
            most = _most_bytes(partial(verify, forgery.token, published, expected, now))
            assert most < MAX_TOKEN_BYTES


def _most_bytes(refused: Callable[[], object]) -> int:
    """Return how much memory the refusal of a token for its size took at most."""
    tracemalloc.start()
    try:
        with pytest.raises(InvalidToken) as error:
            refused()
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert error.value.detail.startswith("size:")
    return most


def test_forgeries_cover_the_cases_of_a_single_token(key: SigningKey, claims: dict[str, object]) -> None:
    found = {forgery.case_id for forgery in forgeries(key, claims)}
    assert found >= {f"S-JWT-{number:02d}" for number in range(1, 18)} | {"S-TYP-01", "S-SDK-01"}


def test_unknown_kid_asks_for_newer_keys(
    key: SigningKey, claims: dict[str, object], expected: Expected, now: int
) -> None:
    token = sign(key, claims)
    with pytest.raises(UnknownKey):
        verify(token, KeySet.of([]), expected, now)
    assert unverified_kid(token) == key.kid


def test_a_forged_signature_never_tells_about_its_claims(
    key: SigningKey, claims: dict[str, object], expected: Expected, now: int
) -> None:
    token = sign(key, {**claims, "exp": now - 1000, "iss": "P2other"})
    with pytest.raises(InvalidToken) as refused:
        verify(token[:-8] + "AAAAAAAA", KeySet.of([key]), expected, now)
    assert refused.value.detail.startswith("signature:")
    assert not isinstance(refused.value, TokenExpired)


@pytest.mark.parametrize(
    "header", ['{"alg":"EdDSA","kid":"%s"}' % ("k" * 129), '{"alg":"EdDSA",%s"kid":"k"}' % (" " * 1_000)]
)
def test_a_long_header_sends_nobody_for_keys(header: str) -> None:
    token = f"{to_base64url(header.encode())}.e30.AAAA"
    with pytest.raises(InvalidToken) as refused:
        unverified_kid(token)
    assert refused.value.detail.startswith("header:")
