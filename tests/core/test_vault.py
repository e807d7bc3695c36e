"""What the secret key protects: MACs and sealed values (S-SEC-02)."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.core.vault import SealBroken, Vault

SECRET = "0123456789abcdef0123456789abcdef"
OTHER = "fedcba9876543210fedcba9876543210"
ROW = "signing_keys.sealed_private:P1:kid1"
VAULT = Vault.from_text(SECRET)

PARTS = st.lists(st.text(max_size=6) | st.binary(max_size=6), max_size=4)


@given(st.binary(max_size=300), st.text(st.characters(codec="utf-8"), max_size=30))
def test_what_was_sealed_opens_in_its_row(plain: bytes, row: str) -> None:
    sealed = VAULT.seal(plain, row=row)
    assert VAULT.open(sealed, row=row) == plain
    assert len(plain) < 4 or plain not in sealed


def test_another_row_does_not_open_it() -> None:
    sealed = VAULT.seal(b"secret", row=ROW)
    for row in (ROW + "x", ROW[:-1], "", ROW.replace("P1", "P2"), ROW.replace("signing_keys", "outbox")):
        with pytest.raises(SealBroken):
            VAULT.open(sealed, row=row)
    assert VAULT.open(sealed, row=ROW) == b"secret"


def test_every_changed_bit_is_noticed() -> None:
    sealed = VAULT.seal(b"secret", row=ROW)
    for place in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(SealBroken):
            VAULT.open(bytes(changed), row=ROW)


def test_a_cut_or_lengthened_value_is_noticed() -> None:
    sealed = VAULT.seal(b"secret", row=ROW)
    for length in range(len(sealed)):
        with pytest.raises(SealBroken):
            VAULT.open(sealed[:length], row=ROW)
    with pytest.raises(SealBroken):
        VAULT.open(sealed + b"\0", row=ROW)


def test_equal_values_are_sealed_differently() -> None:
    assert len({VAULT.seal(b"secret", row=ROW) for _ in range(100)}) == 100


def test_another_master_secret_does_not_open() -> None:
    with pytest.raises(SealBroken) as broken:
        Vault.from_text(OTHER).open(VAULT.seal(b"secret", row=ROW), row=ROW)
    assert ROW in broken.value.detail
    assert ROW not in str(broken.value)


def test_a_new_master_secret_opens_what_the_old_one_sealed() -> None:
    sealed = VAULT.seal(b"secret", row=ROW)
    rotated = Vault.from_text(OTHER, previous=(SECRET,))
    assert rotated.open(sealed, row=ROW) == b"secret"
    assert Vault.from_text(OTHER).open(rotated.seal(b"new", row=ROW), row=ROW) == b"new"
    with pytest.raises(SealBroken):
        VAULT.open(rotated.seal(b"new", row=ROW), row=ROW)


def test_check_value_tells_secrets_apart() -> None:
    assert VAULT.check_value() == Vault.from_text(SECRET).check_value()
    assert VAULT.check_value() != Vault.from_text(OTHER).check_value()
    assert SECRET not in VAULT.check_value()


def test_a_check_value_of_an_earlier_secret_is_recognised() -> None:
    rotated = Vault.from_text(OTHER, previous=(SECRET,))
    assert rotated.recognises(VAULT.check_value())
    assert rotated.recognises(rotated.check_value())
    assert not VAULT.recognises(rotated.check_value())
    assert not VAULT.recognises("")
    assert not VAULT.recognises("é")


@given(st.text(max_size=6), PARTS, st.text(max_size=6), PARTS)
def test_macs_agree_only_for_the_same_parts(
    purpose: str, parts: list[str | bytes], other_purpose: str, other_parts: list[str | bytes]
) -> None:
    def encoded(first: str, rest: list[str | bytes]) -> list[bytes]:
        return [part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part for part in (first, *rest)]

    same = encoded(purpose, parts) == encoded(other_purpose, other_parts)
    assert (VAULT.mac(purpose, *parts) == VAULT.mac(other_purpose, *other_parts)) is same


def test_parts_do_not_run_into_one_another() -> None:
    seen = {VAULT.mac("otp", "ab", "c"), VAULT.mac("otp", "a", "bc"), VAULT.mac("otp", "abc"), VAULT.mac("otpa", "bc")}
    assert len(seen) == 4


def test_a_mac_needs_the_master_secret() -> None:
    mac = VAULT.mac("otp", "123456")
    assert len(mac) == 32
    assert mac != Vault.from_text(OTHER).mac("otp", "123456")
    message = b"".join(len(part).to_bytes(8, "big") + part for part in (b"otp", b"123456"))
    assert mac != hmac.digest(SECRET.encode(), message, hashlib.sha256)


@pytest.mark.parametrize("secret", ["", "x" * 31, " " * 31])
def test_a_short_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="32"):
        Vault.from_text(secret)
    with pytest.raises(ValueError, match="32"):
        Vault.from_text(SECRET, previous=(secret,))
    with pytest.raises(ValueError, match="32"):
        Vault(secret.encode())


def test_a_short_secret_of_wide_characters_is_refused() -> None:
    with pytest.raises(ValueError, match="32"):
        Vault.from_text("é" * 31)


def test_repr_shows_no_secret() -> None:
    assert repr(VAULT) == "Vault(1 master keys)"


def test_a_mac_outlives_a_change_of_the_secret_where_it_is_asked_for() -> None:
    old, new = b"o" * 40, b"n" * 40
    stored = Vault(old).mac("management-key", "P1", "secret")
    assert Vault(new, previous=(old,)).is_mac(stored, "management-key", "P1", "secret")
    assert not Vault(new).is_mac(stored, "management-key", "P1", "secret")
    assert not Vault(new, previous=(old,)).is_mac(stored, "management-key", "P2", "secret")
    assert not Vault(new, previous=(old,)).is_mac(stored, "management-key", "P1", "other")
