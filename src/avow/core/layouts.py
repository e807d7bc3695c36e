"""How a project lays its session tokens out: claims made of what is known of the user, and where rights stand.

A layout is what a JWT template comes to. Whatever it says, reserved claims stay the server's.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol, TypeGuard

from avow.core.claims import RESERVED

__all__ = ["PLAIN", "EmptyPolicy", "Layout", "Rights", "Scheme", "selection", "unknown_places"]

Scheme = Literal["default", "tenantOnly", "none"]
EmptyPolicy = Literal["none", "nil", "delete"]

_PLACE: Final = re.compile(r"\{\{\s*([A-Za-z0-9_.\-]{1,200})\s*\}\}")
_SUBJECTS: Final = frozenset({"user", "tenant", "project", "session"})


class Rights(Protocol):
    """What somebody holds in one tenant (`core.sessions.TenantGrants`)."""

    @property
    def roles(self) -> tuple[str, ...]:
        """Return the names of the roles."""
        ...

    @property
    def permissions(self) -> tuple[str, ...]:
        """Return the names of the permissions."""
        ...

    def claim(self) -> dict[str, object]:
        """Return what tokens say of the tenant."""
        ...


@dataclass(frozen=True, slots=True)
class Layout:
    """What a project's template asks of its tokens.

    Attributes:
        claims: Names and values; a text may hold places such as `{{user.email}}`, which are filled in.
        scheme: `default`: roles and permissions of the project, and every tenant with its own. `tenantOnly`: of the
            selected tenant alone, at the top level, and no tenants beside it. `none`: no rights at all.
        leaves_out_permissions: Roles only.
        selects_only_tenant: Who belongs to one tenant and has selected none acts in that one.
        adds_id: Each token has an id of its own (`jti`).
        empty: What becomes of a claim whose place is empty: "" (`none`), null (`nil`), or no claim (`delete`).
    """

    claims: Mapping[str, object] = field(default_factory=dict)
    scheme: Scheme = "default"
    leaves_out_permissions: bool = False
    selects_only_tenant: bool = False
    adds_id: bool = False
    empty: EmptyPolicy = "none"

    def filled(self, facts: Mapping[str, object]) -> dict[str, object]:
        """Return the claims of the template with their places filled in.

        Args:
            facts: What is known, by `user`, `tenant`, `project` and `session`.
        """
        made = {name: self._filled(value, facts) for name, value in self.claims.items() if name not in RESERVED}
        if self.empty == "delete":
            return {name: value for name, value in made.items() if value not in ("", None)}
        return made

    def rights(
        self, roles: Sequence[str], permissions: Sequence[str], tenants: Mapping[str, Rights], selected: str
    ) -> dict[str, object]:
        """Return the claims that say what somebody may do.

        Spec: contract "tokens" section 5: with `dct` and no `tenants`, clients read the roles and permissions at the
        top level as that tenant's.
        """
        if self.scheme == "default" and not self.leaves_out_permissions:  # as nearly every token
            by_id = {key: held.claim() for key, held in tenants.items()}
            return {"permissions": permissions, "roles": roles, "tenants": by_id}
        if self.scheme == "none":
            return {}
        if self.scheme == "tenantOnly":
            if selected in tenants:
                roles, permissions = tenants[selected].roles, tenants[selected].permissions
            said: dict[str, object] = {"permissions": permissions, "roles": roles}
        else:
            by_id = {key: self._tenant(held) for key, held in tenants.items()}
            said = {"permissions": permissions, "roles": roles, "tenants": by_id}
        if self.leaves_out_permissions:
            del said["permissions"]
        return said

    def _tenant(self, held: Rights) -> dict[str, object]:
        said = held.claim()
        return {name: said[name] for name in said if name != "permissions"} if self.leaves_out_permissions else said

    def _filled(self, value: object, facts: Mapping[str, object]) -> object:
        if isinstance(value, str):
            return self._filled_text(value, facts)
        if _is_mapping(value):
            return {name: self._filled(item, facts) for name, item in value.items()}
        if _is_list(value):
            return [self._filled(item, facts) for item in value]
        return value

    def _filled_text(self, text: str, facts: Mapping[str, object]) -> object:
        """Return a text with its places filled in; one that is a place and nothing else becomes the value itself."""
        whole = _PLACE.fullmatch(text.strip())
        if whole:
            found = _found(whole[1], facts)
            if found in ("", None):
                return None if self.empty == "nil" else ""
            return found
        return _PLACE.sub(lambda place: _as_text(_found(place[1], facts)), text)


PLAIN: Final = Layout()


def selection(layout: Layout, tenants: Mapping[str, Rights], selected: str) -> str:
    """Return the tenant that a session acts in: the selected one if it is one of theirs, or the only one; or ""."""
    if selected in tenants:
        return selected
    return next(iter(tenants)) if layout.selects_only_tenant and len(tenants) == 1 else ""


def unknown_places(value: object) -> list[str]:
    """Return the places in a template's value that name nothing which is ever known."""
    if isinstance(value, str):
        return [place for place in _PLACE.findall(value) if place.split(".")[0] not in _SUBJECTS or "." not in place]
    if _is_mapping(value):
        return [place for item in value.values() for place in unknown_places(item)]
    if _is_list(value):
        return [place for item in value for place in unknown_places(item)]
    return []


def _found(place: str, facts: Mapping[str, object]) -> object:
    """Return what a place such as `user.customAttributes.team` names, or None."""
    found: object = facts
    for part in place.split("."):
        if not _is_mapping(found):
            return None
        found = found.get(part)
    return found


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if _is_list(value):
        return ",".join(map(_as_text, value))
    return str(value)


def _is_mapping(value: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(value, Mapping)


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list | tuple)
