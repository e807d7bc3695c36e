"""Secrets of applications on the wire, as the official clients read, rotate, add and revoke them."""

from typing import Annotated

from msgspec import Meta

from avow.wire.bounds import END, Reference
from avow.wire.endpoint import Shape
from avow.wire.secret import Secret

__all__ = [
    "AddSecret",
    "AddedSecret",
    "Cleartext",
    "MadeApplication",
    "RevokeSecret",
    "SecretMeta",
    "SecretMetas",
    "WhichApplication",
    "WhichSecret",
]

# Shorter than an id of ours, and none: a name never is taken for one.
SecretName = Annotated[str, Meta(min_length=1, max_length=64, pattern=rf"^[ -~]+{END}")]


class WhichApplication(Shape, frozen=True, kw_only=True):
    """Which application, of a rotation or deletion."""

    id: Reference


class WhichSecret(Shape, frozen=True, kw_only=True):
    """Which secret of an application; without a name the one that it was made with, or that was rotated in."""

    id: Reference
    secret_name: SecretName | None = None


class Cleartext(Shape, frozen=True, kw_only=True):
    """A secret in clear text, "" where the application has none."""

    cleartext: Secret


class MadeApplication(Shape, frozen=True, kw_only=True):
    """The id of a new application, and its secret."""

    id: str
    cleartext: Secret = ""


class SecretMeta(Shape, frozen=True, kw_only=True):
    """A secret without the secret.

    Attributes:
        id: Avow's own.
        name: As it was given, or "".
        status: Always `active`: those that have ended are not there any more.
        expire_time: When it ends, seconds since the epoch; 0 for never.
        created_time: Seconds since the epoch.
    """

    id: str
    name: str = ""
    status: str = "active"
    expire_time: int = 0
    created_time: int = 0


class SecretMetas(Shape, frozen=True, kw_only=True):
    """The secrets that an application has left."""

    secrets: tuple[SecretMeta, ...] = ()


class AddSecret(Shape, frozen=True, kw_only=True):
    """A further secret, of a name that no other of the application has; `expireTime` 0 for no end."""

    id: Reference
    name: SecretName
    expire_time: Annotated[int, Meta(ge=0, le=253_402_300_799)] | None = None


class AddedSecret(Shape, frozen=True, kw_only=True):
    """A secret that was added, in clear text."""

    meta: SecretMeta
    cleartext: Secret


class RevokeSecret(Shape, frozen=True, kw_only=True):
    """Which secret ends at once."""

    id: Reference
    name: SecretName
