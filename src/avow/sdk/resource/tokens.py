"""Access tokens that held, and what an API may need of one. No I/O in it."""

from collections.abc import Callable, Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from avow.core.oidc.accesstoken import is_machine

__all__ = ["AccessToken", "Needs", "needs", "read"]

_OF_MACHINES: Final = "client-credentials"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What an access token says that held.

    Attributes:
        issuer: Who gave it.
        subject: Whom it is about, as that issuer names them.
        client_id: The application that has it.
        scopes: What the application was allowed.
        permissions: What the subject may do at this API, where the issuer says it.
        is_machine: An application acts for itself, and nobody stands behind it.
        expires_at: In seconds since the epoch.
        token_id: Its own name, or "".
        claims: All that it says; what is read there is a copy, as the next request with this token has the same.
    """

    issuer: str
    subject: str
    client_id: str
    scopes: frozenset[str]
    permissions: frozenset[str]
    is_machine: bool
    expires_at: int
    token_id: str = ""
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def person(self) -> tuple[str, str] | None:
        """Return issuer and subject, which together name a person; None for a machine.

        Spec: OpenID Connect Core 1.0 section 5.7: no other claim does, and the subject alone does not either.
        """
        return None if self.is_machine else (self.issuer, self.subject)

    def has_permissions(self, permissions: Collection[str]) -> bool:
        """Tell whether the token names every one of these permissions."""
        return self.permissions.issuperset(permissions)

    def has_scopes(self, scopes: Collection[str]) -> bool:
        """Tell whether the token was given for every one of these scopes."""
        return self.scopes.issuperset(scopes)


@dataclass(frozen=True, slots=True)
class Needs:
    """What a view needs of an access token, all of it.

    Attributes:
        permissions: In the claim `permissions`.
        scopes: In the claim `scope`.
        people_only: Tokens that an application got for itself are refused.
    """

    permissions: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    people_only: bool = False

    def are_met_by(self, token: AccessToken) -> bool:
        """Judge a token that held."""
        is_let_in = not (self.people_only and token.is_machine)
        return is_let_in and token.has_permissions(self.permissions) and token.has_scopes(self.scopes)


def needs(permissions: Collection[str] = (), scopes: Collection[str] = (), *, people_only: bool = False) -> Needs:
    """Return needs that are written as they are meant.

    Raises:
        ValueError: Names are a text instead of a list, or empty.
    """
    for names in (permissions, scopes):
        if isinstance(names, str) or not all(names):
            raise ValueError(f"Permissions and scopes are lists of names, not {names!r}.")
    return Needs(tuple(permissions), tuple(scopes), people_only)


class _Claims(Mapping[str, Any]):
    """Claims that no reader can change."""

    __slots__ = ("_said",)

    def __init__(self, said: Mapping[str, Any]) -> None:
        self._said = said

    def __getitem__(self, name: str) -> object:
        return deepcopy(self._said[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._said)

    def __len__(self) -> int:
        return len(self._said)


def read(claims: Mapping[str, Any], marks_machine: Callable[[Mapping[str, Any]], bool] | None = None) -> AccessToken:
    """Return what the claims of a token say; what is not spelt as it should be counts as absent.

    Args:
        claims: They are kept.
        marks_machine: Tells a machine by a mark that only this issuer makes.

    Spec: RFC 9068 sections 2.2 and 5; RFC 8693 section 4.2 (`scope` is one text).
    """
    said, subject = claims.get("scope"), str(claims["sub"])
    kept = _Claims(claims)
    is_marked = marks_machine is not None and marks_machine(kept)
    client_id = next((each for name in ("client_id", "azp") if isinstance(each := claims.get(name), str)), "")
    return AccessToken(
        issuer=str(claims["iss"]),
        subject=subject,
        client_id=client_id,
        scopes=frozenset(said.split() if isinstance(said, str) else ()),
        permissions=_names(claims.get("permissions")),
        is_machine=is_marked or claims.get("gty") == _OF_MACHINES or subject == client_id or is_machine(subject),
        expires_at=int(claims["exp"]),
        token_id=str(claims.get("jti") or ""),
        claims=kept,
    )


def _names(value: object) -> frozenset[str]:
    return frozenset(each for each in value if isinstance(each, str)) if isinstance(value, list) else frozenset()
