"""Codes of authenticator apps: the RFCs' vectors, pyotp as another reader, which steps count, what apps scan."""

import json
from pathlib import Path
from urllib.parse import unquote

import pyotp
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pyotp.totp import TOTP

from avow.core import totp
from avow.errors import InvalidArgument

FIXTURES = Path(__file__).parent / "fixtures"
HOTP = json.loads((FIXTURES / "rfc4226-d-hotp.json").read_text())
RFC6238 = json.loads((FIXTURES / "rfc6238-b-totp-sha1.json").read_text())
SEED = b"12345678901234567890"
NOW = 1_800_000_015  # the middle of a step
STEP = totp.step_at(NOW)


# --- Codes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("step", "code"), list(enumerate(HOTP["codes"])))
def test_codes_are_those_of_rfc_4226(step: int, code: str) -> None:
    assert totp.code_at(HOTP["secret"].encode(), step) == code


@pytest.mark.parametrize(("now", "code"), list(RFC6238["codes"].items()))
def test_codes_are_those_of_rfc_6238(now: str, code: str) -> None:
    assert totp.code_at(RFC6238["secret"].encode(), totp.step_at(int(now))) == code[-totp.DIGITS :]


@given(seed=st.binary(min_size=14, max_size=64), now=st.integers(0, 2**33))
def test_pyotp_shows_the_same_code(seed: bytes, now: int) -> None:
    assert TOTP(totp.key_text(seed)).at(now) == totp.code_at(seed, totp.step_at(now))


# --- Which step a code is of -------------------------------------------------------------------------------------


@pytest.mark.parametrize("early", range(-3, 4))
def test_only_the_present_step_and_its_neighbours_count(early: int) -> None:
    found = totp.step_of(SEED, totp.code_at(SEED, STEP + early), NOW)
    assert found == (STEP + early if abs(early) <= 1 else None)


def test_window_moves_at_the_turn_of_a_step() -> None:
    turn = STEP * totp.STEP_SECONDS
    code = totp.code_at(SEED, STEP - 2)
    assert totp.step_of(SEED, code, turn - 1) == STEP - 2
    assert totp.step_of(SEED, code, turn) is None


def test_of_two_steps_with_one_code_the_later_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totp, "code_at", lambda seed, step: "123456")
    assert totp.step_of(SEED, "123456", NOW) == STEP + 1


def test_clock_at_the_epoch_is_no_fault() -> None:
    assert totp.step_of(SEED, totp.code_at(SEED, 1), 0) == 1


@pytest.mark.parametrize(
    "text", ["", "12345", "1234567", "12345a", "\uff11\uff12\uff13\uff14\uff15\uff16", "123456\n", "123-456"]
)
def test_what_is_no_code_is_told_apart(text: str) -> None:
    assert totp.bare(text) == ""


def test_code_is_read_with_the_space_that_apps_show() -> None:
    assert totp.bare(" 012 345") == "012345"


# --- Seeds -------------------------------------------------------------------------------------------------------


def test_seed_has_160_bits_of_the_systems_randomness() -> None:
    asked: list[int] = []

    def random(count: int) -> bytes:
        asked.append(count)
        return bytes(count)

    assert len(totp.new_seed(random)) * 8 == 160
    assert asked == [20]
    assert len({totp.new_seed() for _ in range(100)}) == 100


@pytest.mark.parametrize("seed", ["", "AAAA", "A" * 320, "JBSWY3DPEHPK3PX1", "0" * 32])
def test_seed_that_is_none_is_refused(seed: str) -> None:
    with pytest.raises(InvalidArgument):
        totp.seed_bytes(seed)


def test_seed_is_read_as_people_write_it() -> None:
    assert totp.seed_bytes("jbsw y3dp-ehpk 3pxp") == b"Hello!\xde\xad\xbe\xef"


@given(st.binary(min_size=10, max_size=64))
def test_key_that_is_shown_is_read_again(seed: bytes) -> None:
    assert totp.seed_bytes(totp.key_text(seed)) == seed


# --- What apps scan ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("issuer", "account"),
    [
        ("Acme", "ada@example.com"),
        ("Café & Söhne", "Ada Löwe+1?x=1#f@example.com"),
        ("100% / more", "a:b:c"),
        ("会社", "用户"),
        ("spaces and +", "x y"),
    ],
)
def test_url_is_read_by_pyotp(issuer: str, account: str) -> None:
    url = totp.provisioning_url(issuer, account, SEED)
    read = pyotp.parse_uri(url)
    assert isinstance(read, TOTP)
    assert (read.issuer, read.name, read.secret) == (issuer, account, totp.key_text(SEED))
    assert (read.digits, read.interval, read.digest().name) == (6, 30, "sha1")


def test_names_in_the_url_are_percent_encoded() -> None:
    url = totp.provisioning_url("Acme & Sons", "a/b?c=d&e@example.com", SEED)
    label, _, query = url.removeprefix("otpauth://totp/").partition("?")
    assert label == "Acme%20%26%20Sons:a%2Fb%3Fc%3Dd%26e%40example.com"
    assert "issuer=Acme%20%26%20Sons&" in query


def test_colon_of_an_issuer_does_not_end_it() -> None:
    read = pyotp.parse_uri(totp.provisioning_url("Acme: staging", "ada", SEED))
    assert (read.issuer, read.name) == ("Acme  staging", "ada")


def test_nameless_project_is_called_avow() -> None:
    assert totp.provisioning_url(" : ", "ada", SEED).startswith("otpauth://totp/Avow:ada?")


@given(issuer=st.text(min_size=1), account=st.text(min_size=1))
def test_url_stays_short_and_whole(issuer: str, account: str) -> None:
    try:
        (issuer + account).encode()
    except UnicodeEncodeError:
        assume(False)
    url = totp.provisioning_url(issuer, account, SEED)
    assert url.isascii()
    assert len(url) < 420
    assert "�" not in unquote(url) or "�" in issuer + account
