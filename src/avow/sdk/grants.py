"""What a validated session may do: the roles and permissions that its answer names. Pure."""

from collections.abc import Mapping, Sequence
from typing import Literal

from avow.sdk.calls.call import refused

__all__ = ["holds", "matched"]


def holds(
    answer: Mapping[str, object], tenant: str, kind: Literal["roles", "permissions"], named: Sequence[str]
) -> bool:
    """Say whether the session has every one of `named`.

    Args:
        answer: What `validate_session` or a sign-in returned.
        tenant: A tenant, or "" for the project itself.
        kind: What `named` are.
        named: Names; compared character by character. A single text counts as one name. Of an empty list every one is
            held, which says that the session belongs to the tenant (or exists), and nothing else.

    Raises:
        InvalidArgument: `named` is not a list of texts, or `tenant` is no text.
    """
    wanted = _names(named)
    held = _held(answer, tenant, kind)
    return held is not None and all(name in held for name in wanted)


def matched(
    answer: Mapping[str, object], tenant: str, kind: Literal["roles", "permissions"], named: Sequence[str]
) -> list[str]:
    """Return those of `named` that the session has; arguments and errors as for `holds`."""
    wanted = _names(named)
    held = _held(answer, tenant, kind) or ()
    return [name for name in wanted if name in held]


def _held(answer: Mapping[str, object], tenant: str, kind: str) -> list[object] | None:
    """Return what is held, None when there is no session or the user is not in the tenant."""
    if not isinstance(tenant, str):
        raise refused("tenant must be a text.")
    place: object = answer
    if tenant and isinstance(answer, Mapping):
        tenants = answer.get("tenants")
        place = tenants.get(tenant) if isinstance(tenants, Mapping) else None
    if not isinstance(place, Mapping) or (not tenant and not place):
        return None
    held = place.get(kind)
    return held if isinstance(held, list) else []


def _names(named: object) -> list[str]:
    names = [named] if isinstance(named, str) else named
    if not isinstance(names, list | tuple | set | frozenset) or not all(isinstance(name, str) for name in names):
        raise refused("Roles and permissions are named by a list of texts.")
    return list(names)
