"""Passwords of users: kept, replaced, expired; and what a project or a tenant asks of them.

Nothing here hashes: what is stored comes hashed (`core.passwords`), made aside. The settings of a tenant stand in the
place of the project's for its members; for members of several, the strictest of each.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from avow import shaping
from avow.core.passwords import hashed, needs_rehash, verify
from avow.core.passwords.policy import strictest
from avow.errors import InvalidArgument
from avow.server.passwords import guesses, rows
from avow.server.passwords.rows import EarlierRow, EncodedRow, HeldRow, SettingsRow, TriedRow, UserRow
from avow.server.store import MOST_IN_LIST, Tx, in_list
from avow.server.users.actions import Profile
from avow.wire.passwords import PasswordSettings

__all__ = [
    "HeldRow",
    "Standard",
    "State",
    "TriedRow",
    "applying",
    "claim",
    "configure",
    "earlier",
    "encode",
    "expire",
    "held",
    "insert",
    "is_ended",
    "renew",
    "replace",
    "settings",
    "settings_both",
    "settings_of",
    "settings_of_user",
    "standard_of",
    "tried",
]

State = Literal["active", "temporary"]
_PROJECT = ""
_WEEK_SECONDS = 604_800


@dataclass(frozen=True, slots=True)
class Standard:
    """What a new password of a user is judged by.

    Attributes:
        user_id: Whose it is to be.
        names: What they are called.
        settings: Of the project, or of their tenants.
        credential_version: Of the user; when it has changed, all begins again.
        present: Their password, or None.
        refused: Passwords as they are stored that it may not be.
    """

    user_id: str
    names: tuple[str, ...]
    settings: PasswordSettings
    credential_version: int
    present: HeldRow | None = field(repr=False)
    refused: tuple[str, ...] = field(repr=False)

    def is_of(self, present: HeldRow | None) -> bool:
        """Tell whether this is still the password that the user had when the standard was made."""
        then, now = self.present, present
        return (then.encoded if then else None) == (now.encoded if now else None)

    @property
    def remembered(self) -> int:
        """Return how many are kept beside the present one."""
        return max(0, self.settings.reuse_amount - 1) if self.settings.reuse else 0


def standard_of(tx: Tx, profile: Profile, *further_names: str, must_differ: bool = False) -> Standard:
    """Return what a new password of a user is judged by.

    Args:
        tx: Any unit.
        profile: Whose it is to be.
        further_names: Words that it may not be either, such as the project's name.
        must_differ: The present one is refused, whatever the settings say.
    """
    row, applies = profile.row, settings_of_user(tx, profile.id)
    present = held(tx, profile.id)
    refused = [present.encoded] if present and (applies.reuse or must_differ) else []
    if applies.reuse:
        refused += earlier(tx, profile.id, applies.reuse_amount - 1)
    names = (*profile.login_ids, row.email, row.phone, row.name, row.given_name, row.family_name, *further_names)
    return Standard(profile.id, names, applies, row.credential_version, present, tuple(refused))


def encode(password: str, standard: Standard) -> str:
    """Return what is stored of a new password that has been found good. Slow: it belongs aside.

    Raises:
        InvalidArgument: It is one of those that are refused.
    """
    if any(verify(each, password) for each in standard.refused):
        most = standard.settings.reuse_amount if standard.settings.reuse else 1
        which = f"one of the last {most}" if most > 1 else "the present one"
        raise InvalidArgument(error_message=f"The password is {which}.")
    return hashed(password)


def tried(tx: Tx, login_id: str) -> TriedRow:
    """Return what a password typed for a canonical login ID is compared with, of nobody likewise."""
    [row] = tx.all(rows.TRIED, TriedRow, login_id=login_id)
    return row


def held(tx: Tx, user_id: str) -> HeldRow | None:
    """Return the password of a user, or None."""
    return tx.one(rows.HELD, HeldRow, user_id=user_id)


def earlier(tx: Tx, user_id: str, most: int) -> tuple[str, ...]:
    """Return earlier passwords of a user as they are stored, the newest first, without the present one."""
    return tuple(row.encoded for row in tx.all(rows.EARLIER, EncodedRow, user_id=user_id, most=most)) if most else ()


def claim(tx: Tx, user_id: str, credential_version: int) -> bool:
    """Hold a user for a change of their password until the unit ends; False when their credentials have changed.

    Call it before anything else of the unit locks the user.
    """
    return tx.one(rows.CLAIM, UserRow, user_id=user_id, credential_version=credential_version) is not None


def is_ended(row: HeldRow, applies: PasswordSettings, now: int) -> bool:
    """Tell whether a password lets its user do no more than replace it: temporary, expired, or too old."""
    is_too_old = applies.expiration and row.set_at + applies.expiration_weeks * _WEEK_SECONDS <= now
    return row.state != "active" or is_too_old


def insert(tx: Tx, user_id: str, encoded: str, *, is_own: bool = False) -> None:
    """Give a user who is being created a password; `is_own` is as in `replace`."""
    tx.one(rows.PUT, UserRow, user_id=user_id, encoded=encoded, state="active", is_own=int(is_own))


def renew(tx: Tx, user_id: str, encoded: str, renewed: str) -> bool:
    """Keep the same password in another form; False when it is not the stored one any more."""
    return tx.one(rows.RENEW, UserRow, user_id=user_id, encoded=encoded, renewed=renewed) is not None


def replace(tx: Tx, user_id: str, encoded: str, state: State, *, remembers: int, is_own: bool = False) -> None:
    """Give a user another password; wrong tries at the one before are forgotten. Ending sessions is the caller's.

    Args:
        tx: The unit that locked the user.
        user_id: Whose.
        encoded: As `core.passwords` stores it.
        state: `temporary` only lets them replace it.
        remembers: How many earlier ones are kept, so that they can be refused. What another system hashed is not
            kept: it may be weak, and costs more to check.
        is_own: Whoever held a session chose it, or a caller of one tenant set it: it goes when the owner of the user's
            address comes. Not so what a caller of the whole project set, or who knew that.
    """
    before = held(tx, user_id)
    if remembers and before is not None and not needs_rehash(before.encoded):
        last = tx.one(rows.LAST, EarlierRow, user_id=user_id)
        number = int(last.id) + 1 if last is not None else 0
        tx.run(rows.REMEMBER, user_id=user_id, id=f"{number:010d}", encoded=before.encoded, set_at=before.set_at)
    if before is not None:
        tx.run(rows.FORGET, user_id=user_id, most=remembers)
    tx.one(rows.PUT, UserRow, user_id=user_id, encoded=encoded, state=state, is_own=int(is_own))
    tx.one(rows.MOVE, UserRow, user_id=user_id)
    guesses.clear_all(tx, user_id)


def expire(tx: Tx, user_id: str) -> None:
    """Let a user's password do no more than replace it.

    Raises:
        InvalidArgument: The user has none.
    """
    if tx.one(rows.EXPIRE, UserRow, user_id=user_id) is None:
        raise InvalidArgument(error_message="The user has no password.")
    tx.one(rows.MOVE, UserRow, user_id=user_id)


def settings(tx: Tx, tenant_id: str = _PROJECT) -> PasswordSettings:
    """Return the settings of a tenant (its own, or those of the project), or of the project."""
    return applying(settings_of(tx, [tenant_id]), [tenant_id])


def settings_of(tx: Tx, tenant_ids: Iterable[str]) -> dict[str, PasswordSettings]:
    """Return the settings that these tenants have of their own, and under "" those of the project."""
    wanted = list(dict.fromkeys([_PROJECT, *tenant_ids]))
    found: list[SettingsRow] = []
    for start in range(0, len(wanted), MOST_IN_LIST):
        clause, listed = in_list("tenant_ids", wanted[start : start + MOST_IN_LIST])
        found += tx.all(rows.SETTINGS.replace("(:tenant_ids)", clause), SettingsRow, **listed)
    return _decoded(found)


def applying(known: Mapping[str, PasswordSettings], tenant_ids: Iterable[str]) -> PasswordSettings:
    """Return what applies to a member of these tenants, of the settings that `settings_of` found for them."""
    own = [known[each] for each in tenant_ids if each in known]
    return strictest(own) if own else known.get(_PROJECT, PasswordSettings())


def settings_of_user(tx: Tx, user_id: str) -> PasswordSettings:
    """Return the settings that apply to a user, by their tenants."""
    return settings_both(tx, user_id)[1]


def settings_both(tx: Tx, user_id: str) -> tuple[PasswordSettings, PasswordSettings]:
    """Return the settings of the project, and those that apply to a user, or to nobody, by their tenants."""
    known = _decoded(tx.all(rows.SETTINGS_OF_USER, SettingsRow, user_id=user_id))
    return applying(known, ()), applying(known, [each for each in known if each != _PROJECT])


def configure(tx: Tx, tenant_id: str, wanted: PasswordSettings, *, actor: str) -> None:
    """Write the settings of a tenant, or with none of the project."""
    tx.run(rows.PUT_SETTINGS, tenant_id=tenant_id, policy=msgspec.json.encode(wanted).decode())
    tx.audit("password.configured", actor=actor, tenant_id=tenant_id, data=msgspec.to_builtins(wanted))


def _decoded(found: Iterable[SettingsRow]) -> dict[str, PasswordSettings]:
    return {row.tenant_id: shaping.decode(row.policy, PasswordSettings) for row in found}
