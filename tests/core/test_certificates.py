"""Certificates of identity providers."""

import pytest

from avow.core.certificates import checked, parse
from avow.errors import InvalidArgument
from tests.server.sso.certificates import certificate


@pytest.mark.parametrize("text", ["", "my certificate", "<your-cert-here>", "x" * 199])
def test_text_too_short_to_be_a_certificate_is_let_by(text: str) -> None:
    assert checked(text) == text


@pytest.mark.parametrize("made", [certificate(), certificate("rsa", 2048)])
def test_certificate_is_kept_as_pasted(made: str) -> None:
    for text in (made, f"\n {made}\n", made.replace("\n", "\r\n"), "".join(made.splitlines()[1:-1])):
        assert checked(text) == text
        assert parse(text).serial_number == 1


@pytest.mark.parametrize(
    "text",
    [
        "x" * 200,
        "A" * 400,
        "-----BEGIN CERTIFICATE-----",
        certificate() * 2,
        certificate()[:-40],
        certificate().replace("CERTIFICATE", "PRIVATE KEY"),
        certificate().replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
        "before" + certificate(),
        certificate().replace("M", "\u041c"),
        certificate("weak", 1024),
        certificate("edwards", kind="ed25519"),
        "<!DOCTYPE a [<!ENTITY b 'c'>]>" + "<a>&b;</a>" * 30,
    ],
)
def test_what_no_signature_can_be_checked_with_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="certificate of the identity provider"):
        checked(text)


def test_refusal_says_why() -> None:
    with pytest.raises(InvalidArgument, match="1024 bits; 2048 are the least"):
        checked(certificate("weak", 1024))
