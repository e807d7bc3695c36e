"""What browsers are asked, in the form of WebAuthn Level 3's JSON, and the passkeys that nobody has."""

import json
import os

from avow.core.passkeys.options import Described, fake, to_create, to_show
from avow.wire.webauthn import RelyingParty, UserEntity
from tests.bed.authenticator import decode

TRANSACTION = "C" + "x" * 26
HELD = (Described("aGVsZA", ("internal", "usb")), Described("YWxzbw"))


def test_creation_options_are_what_browsers_parse() -> None:
    text = to_create(
        TRANSACTION,
        RelyingParty(id="example.com", name="Acme"),
        UserEntity(id="U2abc", name="mia@example.com", display_name="Mia"),
        excluded=HELD,
        verification="required",
        timeout_seconds=300,
    )
    assert json.loads(text) == {
        "publicKey": {
            "rp": {"id": "example.com", "name": "Acme"},
            "user": {"id": "VTJhYmM", "name": "mia@example.com", "displayName": "Mia"},
            "challenge": "Q3h4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4",
            "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in (-8, -7, -257)],
            "timeout": 300_000,
            "excludeCredentials": [
                {"type": "public-key", "id": "aGVsZA", "transports": ["internal", "usb"]},
                {"type": "public-key", "id": "YWxzbw"},
            ],
            "authenticatorSelection": {
                "residentKey": "preferred",
                "requireResidentKey": False,
                "userVerification": "required",
            },
            "attestation": "none",
        }
    }


def test_request_options_are_what_browsers_parse() -> None:
    text = to_show(TRANSACTION, "example.com", allowed=HELD[1:], verification="preferred", timeout_seconds=60)
    assert json.loads(text) == {
        "publicKey": {
            "challenge": "Q3h4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4",
            "timeout": 60_000,
            "rpId": "example.com",
            "allowCredentials": [{"type": "public-key", "id": "YWxzbw"}],
            "userVerification": "preferred",
        }
    }


def test_fake_is_the_same_for_one_digest_and_of_the_lengths_that_passkeys_have() -> None:
    digests = [os.urandom(32) for _ in range(200)]
    fakes = [fake(each) for each in digests]
    assert fakes == [fake(each) for each in digests]
    assert len({each.id for each in fakes}) == len(digests)
    assert {len(decode(each.id)) for each in fakes} == {16, 20, 32}
    assert not any(each.transports for each in fakes)
