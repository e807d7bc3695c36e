"""How a request shows its access token. No I/O in it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from avow.sdk.integration.bearer import SCHEME

__all__ = ["DPOP", "Head", "Malformed", "Shown", "shown"]

DPOP: Final = "DPoP"
_SCHEMES: Final = {SCHEME.lower(): SCHEME, DPOP.lower(): DPOP}
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750 section 2.1, `b64token`


@dataclass(frozen=True, slots=True)
class Head:
    """What counts of a request's head.

    Attributes:
        verb: HTTP method.
        url: Returns its whole address, as clients have it, with its path encoded; asked for only when a proof names
            one.
        authorization: Every field `Authorization`.
        proofs: Every field `DPoP`.
    """

    verb: str
    url: Callable[[], str] = field(repr=False)
    authorization: Sequence[str] = field(default=(), repr=False)
    proofs: Sequence[str] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """A token as it was shown; nothing of it holds yet.

    Attributes:
        scheme: "Bearer" or "DPoP".
        token: The token.
    """

    scheme: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Malformed:
    """The credentials cannot be read: there are two, or what follows the scheme is no token."""


def shown(head: Head) -> Shown | Malformed | None:
    """Return the token that a request shows; None when it shows none, or credentials of another kind.

    Tokens in forms and in addresses are not looked for: addresses are logged everywhere.

    Spec: RFC 6750 section 2.1; RFC 9449 section 7.1; RFC 9700 section 4.3.2.
    """
    if not head.authorization:
        return None
    if len(head.authorization) > 1:
        return Malformed()
    scheme, _, token = head.authorization[0].partition(" ")
    name = _SCHEMES.get(scheme.lower())
    if name is None:
        return None
    return Shown(name, token) if _TOKEN.fullmatch(token) else Malformed()
