"""What an answer on the wire must look like: every field of the contract has its type, and those named are there."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
OPERATIONS: dict[str, dict[str, Any]] = {row["id"]: row for row in json.loads((_HERE / "operations.json").read_text())}
TYPES: dict[str, Any] = json.loads((_HERE / "types.json").read_text())

# Fields of the contract that an answer of these areas may leave out, each with the reason.
MAY_BE_ABSENT = {
    "refreshJwt": "it travels as a cookie, or did not change",
    "idpResponse": "only after SSO",
    "tenantSSOID": "only after SSO",
    "trustedDeviceJwt": "no trusted devices yet",
    "externalToken": "no external tokens yet",
    "claims": "clients read the token",
    "recoveryEmail": "management answers only",
    "recoveryPhone": "management answers only",
    "maskedEmail": "one of the two",
    "maskedPhone": "one of the two",
    "webauthn.update_finish.jwt": "a passkey that is added opens a session only as a second factor",
    "password.send_reset.pendingRef": "only of an enchanted link, and a reset is a magic link",
    "password.send_reset.linkId": "only of an enchanted link, and a reset is a magic link",
    "n": "RSA keys",
    "e": "RSA keys",
}

_PYTHON: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "sig": str,
    "bool": bool,
    "int": int,
    "object": dict,
    "array": list,
    "any": object,
}


def misfits(operation: str, answer: Any, *, present: Collection[str] = ()) -> list[str]:
    """Return where an answer is not what the contract says of an operation.

    Args:
        operation: Id of the operation.
        answer: The decoded JSON.
        present: Fields that must be there although they may be absent elsewhere.
    """
    found = _misfits(OPERATIONS[operation]["response"], answer, operation)
    return found + [f"{operation}.{name} is missing" for name in present if name not in answer]


def _misfits(wanted: Any, value: Any, place: str) -> list[str]:
    if isinstance(wanted, str) and wanted.startswith("$"):
        return _misfits(TYPES[wanted[1:]], value, place)
    if isinstance(wanted, str):
        expected = _PYTHON[wanted.split()[0].rstrip(":")]
        is_right = isinstance(value, expected) and not (expected is int and isinstance(value, bool))
        return [] if is_right else [f"{place}: {value!r} is no {wanted}"]
    if isinstance(wanted, list):
        if not isinstance(value, list):
            return [f"{place}: {value!r} is no list"]
        return [misfit for item in value for misfit in _misfits(wanted[0], item, f"{place}[]")]
    if not isinstance(value, dict):
        return [f"{place}: {value!r} is no object"]
    return _misfits_of_fields(wanted, value, place)


def _misfits_of_fields(wanted: dict[str, Any], value: dict[str, Any], place: str) -> list[str]:
    found: list[str] = []
    for name, kind in wanted.items():
        if name.startswith("<"):
            continue
        if name in value:
            found += _misfits(kind, value[name], f"{place}.{name}")
        elif not {name, f"{place}.{name}"} & set(MAY_BE_ABSENT):
            found.append(f"{place}.{name} is missing")
    return found
