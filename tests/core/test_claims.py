"""Custom claims: reserved names stay the server's, and the rest is bounded JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.core import claims
from avow.errors import AvowError, InvalidArgument


def nested(depth: int) -> dict[str, object]:
    value: dict[str, object] = {}
    for _ in range(depth - 1):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "name",
    [
        *("sub", "iss", "aud", "exp", "roles", "permissions", "tenants", "amr", "drn", "tkn", "projectId"),
        *("email_verified", "iat", "nbf", "jti", "rexp", "dsub", "dct", "sid", "gen", "su", "nsec", "act", "cnf"),
    ],
)
def test_reserved_name_is_dropped(name: str) -> None:
    assert claims.check_custom_claims({name: "mine", "plan": "gold"}) == {"plan": "gold"}
    assert claims.without_reserved({name: "mine", "plan": "gold"}) == {"plan": "gold"}


def test_names_of_the_template_are_free() -> None:
    own = {"email": "a@example.com", "name": "A", "Sub": 1, "level": {"sub": 2}}
    assert claims.check_custom_claims(own) == own


@pytest.mark.parametrize("value", [None, True, 0, -(2**63), 2**63 - 1, 1.5, "é", [], {}, [1, ["a", {"b": None}]]])
def test_json_is_accepted(value: object) -> None:
    assert claims.check_custom_claims({"x": value}) == {"x": value}


@pytest.mark.parametrize(
    "value",
    [2**63, -(2**63) - 1, float("nan"), float("inf"), b"x", {1: 2}, {"a": {1}}, object(), "\0", "\ud800", {"\0": 1}],
)
def test_what_is_not_plain_json_is_refused(value: object) -> None:
    with pytest.raises(InvalidArgument) as refused:
        claims.check_custom_claims({"x": value})
    assert (refused.value.status_code, refused.value.error_code) == (400, "E011004")


def test_depth_is_bounded() -> None:
    assert claims.check_custom_claims(nested(6)) == nested(6)
    for depth in (7, 100_000):
        with pytest.raises(InvalidArgument):
            claims.check_custom_claims(nested(depth))


@pytest.mark.parametrize("character", ["a", "é", '"'])
def test_size_is_bounded_in_bytes_of_json(character: str) -> None:
    width = len(json.dumps(character, ensure_ascii=False).encode()) - 2
    most = (claims.MAX_BYTES - len('{"x":""}')) // width
    assert claims.check_custom_claims({"x": character * most})
    with pytest.raises(InvalidArgument):
        claims.check_custom_claims({"x": character * (most + 1)})


def test_dropped_claims_do_not_count() -> None:
    assert claims.check_custom_claims({"roles": "a" * 10_000, "x": 1}) == {"x": 1}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(sorted(claims.RESERVED)) | st.text(), JSON))
def test_result_is_free_of_reserved_names_and_settled(custom: dict[str, object]) -> None:
    try:
        kept = claims.check_custom_claims(custom)
    except AvowError:
        return
    assert not claims.RESERVED & kept.keys()
    assert claims.check_custom_claims(kept) == kept
    assert len(json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()) <= 2 * claims.MAX_BYTES
