"""What an entry is read with beside itself: hashes that were exported apart, and what to leave out."""

from collections.abc import Callable
from dataclasses import dataclass, field

from avow.errors import AuthException, InvalidArgument
from avow.wire import codec

__all__ = ["Context", "FirebaseParameters", "no_hash", "parameters_of"]

_SHORT = {"signerkey": "signer_key", "saltseparator": "salt_separator", "memcost": "memory", "memorycost": "memory"}


@dataclass(frozen=True, slots=True)
class FirebaseParameters:
    """How a project of Firebase hashes passwords."""

    signer_key: str = field(repr=False)
    salt_separator: str = ""
    rounds: int = 0
    memory: int = 0


def no_hash(key: str) -> str:
    """Know no password hash."""
    return ""


@dataclass(frozen=True, slots=True)
class Context:
    """What an entry is read with.

    Attributes:
        hash_of: Returns the password hash that was exported apart, by user id or address; "" when there is none.
        firebase: The hash parameters of the project, where they are given.
        takes_roles: Roles that other systems name are given; otherwise left out.
    """

    hash_of: Callable[[str], str] = no_hash
    firebase: FirebaseParameters | None = None
    takes_roles: bool = True


def parameters_of(data: bytes) -> FirebaseParameters:
    """Read the hash parameters of Firebase, as JSON or as its console shows them.

    `{"base64_signer_key": "...", "base64_salt_separator": "Bw==", "rounds": 8, "mem_cost": 14}`, or the same lines as
    `name: value` within `hash_config { ... }`.

    Raises:
        InvalidArgument: One of them is missing.
    """
    found = {_short(name): value for name, value in _pairs(data)}
    try:
        return FirebaseParameters(
            signer_key=found["signer_key"],
            salt_separator=found.get("salt_separator", ""),
            rounds=int(found["rounds"]),
            memory=int(found["memory"]),
        )
    except (KeyError, ValueError):
        message = "The hash parameters of Firebase are base64_signer_key, base64_salt_separator, rounds and mem_cost."
        raise InvalidArgument(error_message=message) from None


def _pairs(data: bytes) -> list[tuple[str, str]]:
    text = data.decode("utf-8", "replace").strip()
    if text.startswith("{"):
        try:
            return [(name, str(value)) for name, value in codec.decode(dict[str, object], text.encode()).items()]
        except AuthException:
            return []
    lines = (line.strip().rstrip(",").partition(":") for line in text.splitlines())
    return [(name, value.strip().strip("\"'")) for name, _, value in lines]


def _short(name: str) -> str:
    plain = name.lower().replace("_", "").removeprefix("base64")
    return _SHORT.get(plain, plain)
