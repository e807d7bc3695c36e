"""Users: found by login ID, created once, their addresses proven, and what they hold gathered for tokens."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from avow import shaping
from avow.core import addresses, factors, ids
from avow.core.addresses import LoginId
from avow.core.factors import TenantRules
from avow.core.grants import gathered
from avow.core.sessions import TenantGrants
from avow.errors import UserExists
from avow.server.attributes import actions as attributes
from avow.server.roles import actions as roles
from avow.server.serving import ManagementCaller
from avow.server.store import Tx, in_list, json_object, json_text
from avow.server.users import rows
from avow.server.users.rows import ProfileRow
from avow.wire.users import UserResponse, UserTenant

__all__ = [
    "NewUser",
    "Profile",
    "admit",
    "allow_impersonation",
    "allows_impersonation",
    "claim_login_id",
    "create",
    "create_anonymous",
    "delete",
    "describe",
    "drop_identities",
    "drop_login_id",
    "drop_others",
    "drop_passkeys",
    "drop_password",
    "drop_recovery_codes",
    "drop_seed",
    "find",
    "find_by_login_id",
    "find_nobody",
    "find_owner",
    "find_several",
    "folded_name",
    "forget_anonymous",
    "hold",
    "is_anonymous",
    "prove_email",
    "prove_phone",
    "require_right_to_become",
    "set_email",
    "set_phone",
    "set_status",
    "unproven",
    "upgrade",
]


_ANONYMOUS_SECONDS = 86_400  # younger ones are on their way


@dataclass(frozen=True, slots=True)
class NewUser:
    """What is known of a user at sign-up or creation; addresses are canonical."""

    login_id: LoginId
    email: str = ""
    is_email_verified: bool = False
    phone: str = ""
    is_phone_verified: bool = False
    name: str = ""
    given_name: str = ""
    middle_name: str = ""
    family_name: str = ""
    picture: str = ""
    status: str = "enabled"
    is_test: bool = False
    further_login_ids: tuple[LoginId, ...] = ()
    is_email_vouched: bool = False
    is_phone_vouched: bool = False
    custom_attributes: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Profile:
    """A user with login IDs, roles, permissions and tenants: all that tokens and answers say, and sign-ins ask."""

    row: ProfileRow
    login_ids: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    tenants: dict[str, TenantGrants] = field(default_factory=dict)
    ways: frozenset[str] = frozenset()
    parties: frozenset[str] = frozenset()  # RP IDs of their passkeys
    identities: frozenset[tuple[str, str]] = frozenset()
    rules: dict[str, TenantRules] = field(default_factory=dict)  # by tenant, of those that have some
    applications: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Return the user id."""
        return self.row.id

    @property
    def protocols(self) -> frozenset[str]:
        """Return by which protocols the user has come from elsewhere: `oauth`, `saml`, `oidc`."""
        return frozenset(protocol for protocol, _ in self.identities)

    @property
    def providers(self) -> frozenset[str]:
        """Return the social providers by which the user has come."""
        return frozenset(way.removeprefix("oauth:") for protocol, way in self.identities if protocol == "oauth")

    @property
    def is_disabled(self) -> bool:
        """Tell whether the user may not sign in."""
        return self.row.status == "disabled"

    @property
    def is_invited(self) -> bool:
        """Tell whether the user has not been here yet: the first sign-in enables them."""
        return self.row.status == "invited"

    @property
    def proven_email(self) -> str:
        """Return the e-mail address that the user has shown to be theirs, or ""."""
        return self.row.email if self.row.is_email_verified else ""

    def has_address(self, folded: str, *, by_email: bool) -> bool:
        """Tell whether this is the user's address (or number)."""
        return (self.row.email_folded if by_email else self.row.phone) == folded

    def is_proven(self, *, by_email: bool) -> bool:
        """Tell whether the user's address (or number) is proven, and the user not merely invited."""
        is_verified = self.row.is_email_verified if by_email else self.row.is_phone_verified
        return bool(is_verified) and not self.is_invited

    def may_prove(self, *, by_email: bool) -> bool:
        """Tell whether whoever reads what is sent to the user's address (or number) may sign in by it.

        Not to one that nobody has proven, once the owner of the other one has come who signs in with that: whoever
        signed up in their name may have put their own beside it. The owner proves it by an update, in their session.
        An invited user has been named by management, both addresses of theirs, and nobody has come yet.
        """
        row = self.row
        own, is_proven, other, has_come = row.email_folded, row.is_email_verified, row.phone, row.is_phone_verified
        if not by_email:
            own, is_proven, other, has_come = other, has_come, own, is_proven
        if is_proven or not has_come or self.is_invited:
            return True
        canonical = {addresses.login_id(each).canonical for each in self.login_ids}
        return own in canonical or other not in canonical

    def factors(self, party: str) -> frozenset[str]:
        """Return what the user could show, as words of `amr`.

        Args:
            party: RP ID of the project (`Project.passkey_party`): no browser shows a passkey of an earlier one.
        """
        return factors.held(
            self.ways if party in self.parties else self.ways - {"webauthn"},
            is_email_proven=bool(self.row.is_email_verified),
            is_phone_proven=bool(self.row.is_phone_verified),
        )

    def shown(self) -> UserResponse:
        """Return the user as answers show them."""
        row = self.row
        return UserResponse(
            login_ids=self.login_ids,
            user_id=row.id,
            name=row.name,
            given_name=row.given_name,
            middle_name=row.middle_name,
            family_name=row.family_name,
            email=row.email,
            phone=row.phone,
            verified_email=bool(row.is_email_verified),
            verified_phone=bool(row.is_phone_verified),
            role_names=self.roles,
            permissions=self.permissions,
            user_tenants=tuple(
                UserTenant(tenant_id=key, tenant_name=held.name, role_names=held.roles, permissions=held.permissions)
                for key, held in self.tenants.items()
            ),
            status=row.status,
            picture=row.picture,
            test=bool(row.is_test),
            external_ids=() if row.external_ids == "[]" else shaping.decode(row.external_ids, tuple[str, ...]),
            custom_attributes=json_object(row.custom_attributes),
            totp="totp" in self.ways,
            webauthn="webauthn" in self.ways,
            oauth=dict.fromkeys(sorted(self.providers), True),
            saml="saml" in self.protocols,
            oidc="oidc" in self.protocols,
            sso_app_ids=self.applications,
            password="password" in self.ways,
            created_time=row.created_at,
            modified_time=row.updated_at,
        )


def find(tx: Tx, user_id: str) -> Profile | None:
    """Return the user with all they hold, in one statement, or None."""
    found = tx.all(rows.PROFILE, ProfileRow, user_id=user_id)
    return _gathered(found) if found else None


def find_nobody(tx: Tx) -> None:
    """Take the time that `find` takes for somebody, and find nobody: clocks shall not tell who exists."""
    found = tx.all(rows.SOMEBODY, ProfileRow)
    if found:
        _gathered(found)


def hold(tx: Tx, user_id: str) -> Profile | None:
    """Return the user as `find` does; nobody changes them until the unit ends."""
    found = tx.all(rows.PROFILE_HELD, ProfileRow, user_id=user_id)
    return _gathered(found) if found else None


def find_several(tx: Tx, user_ids: Sequence[str]) -> list[Profile]:
    """Return the users with these ids in their order, in one statement; unknown ids are left out.

    Beside what `find` returns, these profiles say which applications the users may reach.
    """
    clause, listed = in_list("user_ids", user_ids)
    found: dict[str, list[ProfileRow]] = {}
    for row in tx.all(rows.PROFILES.replace("(:user_ids)", clause), ProfileRow, **listed):
        found.setdefault(row.id, []).append(row)
    return [_gathered(found[each]) for each in dict.fromkeys(user_ids) if each in found]


def folded_name(*names: str) -> str:
    """Return the names of a user as searches compare them."""
    return unicodedata.normalize("NFC", " ".join(filter(None, names))).casefold()


def find_owner(tx: Tx, login_id: str) -> str | None:
    """Return the id of the user with this canonical login ID, or None."""
    owner = tx.one(rows.OWNER, rows.OwnerRow, login_id=login_id)
    return owner.user_id if owner else None


def find_by_login_id(tx: Tx, login_id: str) -> Profile | None:
    """Return the user with this canonical login ID, or None."""
    owner = find_owner(tx, login_id)
    return find(tx, owner) if owner else None


def create(tx: Tx, user: NewUser, *, actor: str = "", user_id: str = "") -> str:
    """Insert a user with their login IDs; return the user id.

    Args:
        tx: Unit of the project.
        user: What is known of them.
        actor: Who creates them, for the audit; they themselves when absent.
        user_id: An id chosen before (`ids.directory_id`), when something names it already.

    Raises:
        UserExists: A login ID is taken; nothing is written.
    """
    user_id = user_id or ids.directory_id(ids.USER, tx.now)
    tx.run(
        rows.INSERT,
        id=user_id,
        status=user.status,
        name=user.name,
        given_name=user.given_name,
        middle_name=user.middle_name,
        family_name=user.family_name,
        email=user.email,
        email_folded=addresses.email(user.email).folded if user.email else "",
        is_email_verified=int(user.is_email_verified),
        phone=user.phone,
        is_phone_verified=int(user.is_phone_verified),
        picture=user.picture,
        is_test=int(user.is_test),
        name_folded=folded_name(user.name, user.given_name, user.middle_name, user.family_name),
        custom_attributes=json_text(user.custom_attributes),
        is_email_vouched=int(user.is_email_vouched),
        is_phone_vouched=int(user.is_phone_vouched),
    )
    for login_id in (user.login_id, *user.further_login_ids):
        if not claim_login_id(tx, user_id, login_id):
            raise UserExists
    roles.grant_defaults(tx, user_id)
    tx.audit("user.created", actor=actor or f"user:{user_id}", user_id=user_id)
    return user_id


def create_anonymous(tx: Tx, *, actor: str) -> str:
    """Insert a user whom nobody knows: no login ID, no roles, found by no search; return the user id."""
    user_id = ids.directory_id(ids.USER, tx.now)
    tx.run(rows.INSERT_ANONYMOUS, id=user_id)
    tx.audit("user.created", actor=actor, user_id=user_id, data={"anonymous": True})
    return user_id


def is_anonymous(tx: Tx, user_id: str) -> bool:
    """Tell whether this is somebody whom nobody knows yet, and who may become somebody."""
    return tx.one(rows.IS_ANONYMOUS, rows.IdRow, user_id=user_id) is not None


def upgrade(tx: Tx, user_id: str, user: NewUser) -> bool:
    """Make somebody whom nobody knew the user of a sign-up, under the id they have.

    Whose sessions and challenges these were, nobody had proven: the caller ends them (`sessions.end_all`).

    Args:
        tx: Unit of the project.
        user_id: The anonymous user.
        user: What the sign-up says, as for `create`; custom attributes stay as they are.

    Returns:
        False when they are not anonymous any more, or gone; nothing is written then.

    Raises:
        UserExists: A login ID is taken; nothing is written.
    """
    upgraded = tx.one(
        rows.UPGRADE,
        rows.IdRow,
        id=user_id,
        name=user.name,
        given_name=user.given_name,
        middle_name=user.middle_name,
        family_name=user.family_name,
        name_folded=folded_name(user.name, user.given_name, user.middle_name, user.family_name),
        picture=user.picture,
        email=user.email,
        email_folded=addresses.email(user.email).folded if user.email else "",
        is_email_verified=int(user.is_email_verified),
        is_email_vouched=int(user.is_email_vouched),
        phone=user.phone,
        is_phone_verified=int(user.is_phone_verified),
        is_phone_vouched=int(user.is_phone_vouched),
    )
    if upgraded is None:
        return False
    for login_id in (user.login_id, *user.further_login_ids):
        if not claim_login_id(tx, user_id, login_id):
            raise UserExists
    roles.grant_defaults(tx, user_id)
    tx.audit("user.upgraded", actor=f"user:{user_id}", user_id=user_id)
    return True


def allow_impersonation(tx: Tx, user_id: str, until: int) -> bool:
    """Note until when a user agrees to be impersonated; a time that is over takes it back. False when disabled."""
    return tx.one(rows.ALLOW_IMPERSONATION, rows.IdRow, user_id=user_id, until=until) is not None


def allows_impersonation(tx: Tx, user_id: str) -> bool:
    """Tell whether a user agrees to be impersonated, now."""
    return tx.one(rows.ALLOWS_IMPERSONATION, rows.IdRow, user_id=user_id) is not None


def require_right_to_become(tx: Tx, caller: ManagementCaller, user_id: str) -> None:
    """Refuse a caller who could sign in as somebody that holds what the caller may not give.

    Ask it wherever a call hands out, sets or redirects what a user signs in with.

    Raises:
        Forbidden: The user holds a role that not everybody has, and the caller may give none.
    """
    if not caller.may("role") and tx.one(rows.HOLDS_MORE, rows.IdRow, user_id=user_id) is not None:
        caller.require("role")


def forget_anonymous(tx: Tx, most: int) -> int:
    """Delete users whom nobody knows once their sessions are forgotten, at most so many; return how many."""
    return tx.run(rows.FORGET_ANONYMOUS, before=tx.now - _ANONYMOUS_SECONDS, most=most)


def claim_login_id(tx: Tx, user_id: str, login_id: LoginId) -> bool:
    """Give a login ID to a user; False when somebody has it already."""
    claimed = tx.one(
        rows.CLAIM_LOGIN_ID, rows.OwnerRow, login_id=login_id.canonical, typed=login_id.typed, user_id=user_id
    )
    return claimed is not None


def prove_email(tx: Tx, user_id: str, folded: str) -> bool:
    """Mark the user's address proven, if it still is this one (folded); an invited user is enabled by it."""
    return tx.one(rows.PROVE_EMAIL, rows.IdRow, user_id=user_id, email_folded=folded) is not None


def prove_phone(tx: Tx, user_id: str, phone: str) -> bool:
    """Mark the user's number proven, if it still is this one; an invited user is enabled by it."""
    return tx.one(rows.PROVE_PHONE, rows.IdRow, user_id=user_id, phone=phone) is not None


def admit(tx: Tx, user_id: str) -> bool:
    """Let in a user whom management vouches for; an invited one is enabled by it. False when gone or disabled."""
    return tx.one(rows.ADMIT, rows.IdRow, user_id=user_id) is not None


def set_email(tx: Tx, user_id: str, email: str) -> bool:
    """Replace the address by a proven one; False when the user is gone or disabled."""
    folded = addresses.email(email).folded
    return tx.one(rows.SET_EMAIL, rows.IdRow, user_id=user_id, email=email, email_folded=folded) is not None


def set_phone(tx: Tx, user_id: str, phone: str) -> bool:
    """Replace the number by a proven one; False when the user is gone or disabled."""
    return tx.one(rows.SET_PHONE, rows.IdRow, user_id=user_id, phone=phone) is not None


def drop_others(tx: Tx, user_id: str, login_id: str, *, by_email: bool) -> bool:
    """Take the other way in from whoever proved it before the owner of a login ID came.

    Somebody may sign up with another person's address as login ID and a number of their own. When the owner proves the
    address, the number is not theirs, and would let the other one in for ever.

    Args:
        tx: The unit that has just marked the address proven, for the first time.
        user_id: Whose it is now.
        login_id: The proven address or number, canonical.
        by_email: It is an address; otherwise a number.

    Returns:
        True when there was a proven number (or address) to drop. Nothing is dropped when nobody signs in with the
        proven address: then it is one more address of the same person.
    """
    profile = find(tx, user_id) if find_owner(tx, login_id) == user_id else None
    if profile is None:
        return False
    other = profile.row.phone if by_email else profile.row.email
    dropped = tx.one(rows.DROP_PHONE if by_email else rows.DROP_EMAIL, rows.IdRow, user_id=user_id)
    if dropped is None:
        return False
    canonical = other if by_email else addresses.email(other).folded
    drop_login_id(tx, user_id, canonical)
    return True


def drop_passkeys(tx: Tx, user_id: str, login_id: str) -> int:
    """Take every passkey from a user who signs in with this canonical login ID; return how many there were.

    As `drop_others`: whoever signed up with another person's address made them.
    """
    return tx.run(rows.DROP_PASSKEYS, user_id=user_id, login_id=login_id)


def drop_password(tx: Tx, user_id: str, login_id: str) -> int:
    """Take the password that they chose from a user who signs in with this canonical login ID; return how many.

    As `drop_others`: whoever signed up with another person's address chose it.
    """
    return tx.run(rows.DROP_PASSWORD, user_id=user_id, login_id=login_id)


def drop_seed(tx: Tx, user_id: str, login_id: str) -> int:
    """Take the authenticator app that they added from a user with this canonical login ID; return how many there were.

    As `drop_others`: whoever signed up with another person's address added it.
    """
    return tx.run(rows.DROP_SEED, user_id=user_id, login_id=login_id)


def drop_recovery_codes(tx: Tx, user_id: str, login_id: str) -> int:
    """Take the recovery codes from a user who signs in with this canonical login ID; return how many there were."""
    return tx.run(rows.DROP_RECOVERY_CODES, user_id=user_id, login_id=login_id)


def drop_identities(tx: Tx, user_id: str, login_id: str) -> int:
    """Take who they are elsewhere from a user who signs in with this canonical login ID; return how many there were.

    As `drop_others`: whoever signed up with another person's address connected them.
    """
    return tx.run(rows.DROP_IDENTITIES, user_id=user_id, login_id=login_id)


def unproven(tx: Tx, user_id: str, *, by_email: bool) -> str:
    """Return the user's address (or number) as a login ID if they never proved it, otherwise ""."""
    profile = find(tx, user_id)
    if profile is None:
        return ""
    row = profile.row
    address, is_proven = (row.email, row.is_email_verified) if by_email else (row.phone, row.is_phone_verified)
    return addresses.login_id(address).canonical if address and not is_proven else ""


def drop_login_id(tx: Tx, user_id: str, login_id: str) -> bool:
    """Take a canonical login ID from its user; False when it is not theirs."""
    return tx.run(rows.DROP_LOGIN_ID, user_id=user_id, login_id=login_id) > 0


def set_status(tx: Tx, user_id: str, status: str) -> bool:
    """Enable or disable; ending the sessions of a disabled user is `sessions.end_all`. False when there is none."""
    return tx.one(rows.SET_STATUS, rows.IdRow, user_id=user_id, status=status) is not None


def describe(
    tx: Tx, profile: Profile, said: Mapping[str, str], custom_attributes: Mapping[str, object], *, actor: str
) -> bool:
    """Replace what an identity provider that is in charge of a user says of them; False when nothing differs.

    Args:
        tx: The unit that holds the user.
        profile: The user as they are.
        said: `name`, `given_name`, `middle_name`, `family_name` and `picture`; what is "" or absent stays.
        custom_attributes: By name; what the project does not define so is passed over.
        actor: Who says so, for the audit.
    """
    row = profile.row
    fields = ("name", "given_name", "middle_name", "family_name", "picture")
    before = {each: str(getattr(row, each)) for each in fields}
    after = {each: said.get(each) or before[each] for each in fields}
    held = json_object(row.custom_attributes)
    values = {**held, **attributes.fitting(tx, "user", custom_attributes)} if custom_attributes else held
    if after == before and values == held:
        return False
    names = (after["name"], after["given_name"], after["middle_name"], after["family_name"])
    tx.one(
        rows.DESCRIBE,
        rows.IdRow,
        user_id=profile.id,
        name_folded=folded_name(*names),
        custom_attributes=msgspec.json.encode(values).decode(),
        **after,
    )
    if values != held:
        attributes.put(tx, "user", profile.id, values)
    tx.audit("user.described", actor=actor, user_id=profile.id)
    return True


def delete(tx: Tx, user_id: str) -> bool:
    """Delete a user with all they had; False when there is none."""
    return tx.one(rows.DELETE, rows.IdRow, user_id=user_id) is not None


def _gathered(found: Sequence[ProfileRow]) -> Profile:
    held = gathered((row.kind, row.first, row.second, row.third) for row in found)
    return Profile(
        row=found[0],
        login_ids=tuple(row.first for row in found if row.kind == "login"),
        roles=held.roles,
        permissions=held.permissions,
        tenants=dict(held.tenants),
        ways=frozenset(row.first for row in found if row.kind == "way"),
        parties=frozenset(row.second for row in found if row.kind == "way" and row.first == "webauthn"),
        identities=frozenset((row.first, row.second) for row in found if row.kind == "identity"),
        rules={
            row.first: shaping.decode(row.third, TenantRules)
            for row in found
            if row.kind == "tenant" and row.third != "{}"
        },
        applications=tuple(row.first for row in found if row.kind == "application"),
    )
