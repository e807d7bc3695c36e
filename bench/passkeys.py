"""What it costs to judge a passkey: our verdict beside py_webauthn's and a bare signature check; ceremonies for a load.

python -m bench.passkeys
"""

import hashlib
import json
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn import base64url_to_bytes, verify_authentication_response
from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography

from avow.core.passkeys.answers import Ceremony, HeldPasskey, created, shown, verify_created, verify_shown
from avow.core.passkeys.options import to_create, to_show
from avow.server.passkey import ceremonies, rows
from avow.server.passkey.ceremonies import SIGN_IN, Begun
from avow.server.passkey.rows import IdRow
from avow.server.store import Tx
from avow.wire.webauthn import RelyingParty, UserEntity
from bench.rounds import Work, compare, report
from tests.bed.authenticator import Authenticator

__all__ = ["begin_sign_ins", "main"]

DOMAIN, ORIGIN, USER = "localhost", "http://localhost:8000", "U2qxGv4Ky8cWd1nRzT6bJhM3sLfA"
_TRANSACTION = "C" + "a" * 52
_BARE = "bare signature check"


def begin_sign_ins(tx: Tx, user_ids: Sequence[str]) -> list[str]:
    """Give each of these users a passkey, and begin a sign-in of theirs; return the bodies that finish them."""
    bodies = []
    for user_id in user_ids:
        device = Authenticator()
        made = verify_created(created(device.create(_creation(user_id), ORIGIN)), _ceremony(_TRANSACTION))
        tx.one(
            rows.INSERT,
            IdRow,
            id=made.id,
            user_id=user_id,
            rp_id=DOMAIN,
            kind=made.kind,
            display_name="Bench",
            public_key=made.public_key,
            sign_count=0,
            is_backup_eligible=1,
            is_backed_up=1,
            transports="",
            aaguid=made.aaguid,
        )
        begun = Begun(party_id=DOMAIN, origin=ORIGIN, verification="required", user_id=user_id)
        transaction_id = ceremonies.begin(tx, SIGN_IN, begun)
        response = device.show(_request(transaction_id), ORIGIN)
        bodies.append(json.dumps({"transactionId": transaction_id, "response": response}))
    return bodies


def main() -> bool:
    """Measure and print; return whether the bar holds."""
    device = Authenticator()
    made = verify_created(created(device.create(_creation(USER), ORIGIN)), _ceremony(_TRANSACTION))
    held, ceremony = HeldPasskey(made.public_key, USER, is_backup_eligible=True), _ceremony(_TRANSACTION)
    text = device.show(_request(_TRANSACTION), ORIGIN)
    candidates: dict[str, Work] = {
        _BARE: _bare(text, made.public_key),
        "py_webauthn": lambda: verify_authentication_response(
            credential=text,
            expected_challenge=_TRANSACTION.encode(),
            expected_rp_id=DOMAIN,
            expected_origin=ORIGIN,
            credential_public_key=made.public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        ),
        "Avow, read and judged": lambda: verify_shown(shown(text), ceremony, held, is_named=True),
    }
    rows_measured = compare(candidates, _BARE)
    held_bar = report("One passkey, ES256", rows_measured, {"Avow, read and judged": 4.0})
    print(f"{1e6 / rows_measured[-1].microseconds:,.0f} passkeys per second and core")
    return held_bar


def _bare(text: str, public_key: bytes) -> Work:
    """Return one signature check of parts that are already taken apart."""
    answer = json.loads(text)["response"]
    client_data = base64url_to_bytes(answer["clientDataJSON"])
    data = base64url_to_bytes(answer["authenticatorData"]) + hashlib.sha256(client_data).digest()
    signature = base64url_to_bytes(answer["signature"])
    public = decoded_public_key_to_cryptography(decode_credential_public_key(public_key))
    assert isinstance(public, ec.EllipticCurvePublicKey)
    ecdsa = ec.ECDSA(SHA256())
    return lambda: public.verify(signature, data, ecdsa)


def _ceremony(transaction_id: str) -> Ceremony:
    return Ceremony(transaction_id, DOMAIN, ORIGIN, needs_verification=True)


def _creation(user_id: str) -> str:
    return to_create(
        _TRANSACTION,
        RelyingParty(id=DOMAIN, name="Bench"),
        UserEntity(id=user_id, name="mia", display_name="Mia"),
        excluded=(),
        verification="required",
        timeout_seconds=300,
    )


def _request(transaction_id: str) -> str:
    return to_show(transaction_id, DOMAIN, allowed=(), verification="required", timeout_seconds=300)


if __name__ == "__main__":
    main()
