"""Tokens of sign-ins that wait: only ours, of one project, whole, and nothing that a verifier of JWTs takes."""

import pytest

from avow.core.mfatokens import Waiting, is_one, make, read
from avow.core.tokens import Expected, KeySet, verify
from avow.core.vault import Vault
from avow.errors import InvalidToken

VAULT = Vault(b"a" * 32)
WAITING = Waiting("U" + "0" * 26, "S" + "1" * 26)
TOKEN = make(VAULT, "P1", WAITING)


def test_token_names_its_session() -> None:
    assert is_one(TOKEN)
    assert read(VAULT, "P1", TOKEN) == WAITING


def test_token_goes_through_a_change_of_the_master_secret() -> None:
    assert read(Vault(b"b" * 32, (b"a" * 32,)), "P1", TOKEN) == WAITING


@pytest.mark.parametrize(
    "token",
    [
        TOKEN[:-1],
        TOKEN + "A",
        TOKEN + "=",
        TOKEN[:-1] + chr(ord(TOKEN[-1]) + 1),  # the same bytes, spelt otherwise, or others
        TOKEN + ".",
        TOKEN.replace("0", "2", 1),
        TOKEN.replace("S1", "S2", 1),
        "mfa...",
        "mfa.U.S.",
        "mfa.U.S.!!!",
        "mfa.U.S.é",
        "mfa.",
        TOKEN.rpartition(".")[0],
        make(Vault(b"b" * 32), "P1", WAITING),
        make(VAULT, "P2", WAITING),
        "mfa." + "A" * 100_000 + ".S.M",
    ],
)
def test_any_other_text_is_none(token: str) -> None:
    assert read(VAULT, "P1", token) is None


def test_refresh_token_is_not_of_this_kind() -> None:
    assert not is_one("eyJhbGciOiJFUzI1NiJ9.e30.AA")


def test_no_verifier_of_tokens_takes_it() -> None:
    with pytest.raises(InvalidToken):
        verify(TOKEN, KeySet.of([]), Expected(issuer="P1", kinds=frozenset({"DS", "DSR"})), 0)
