"""`avow user ...` on one account: made, invited, changed, shut out, signed out, given a password, deleted."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

import msgspec

from avow import shaping
from avow.cli import named
from avow.cli.directory import ACTOR, Directory, attributes, directory, facts
from avow.cli.options import Where
from avow.cli.output import moment, plain, say, table
from avow.cli.problems import CannotStart
from avow.cli.questions import ask_password, require_yes
from avow.core import addresses
from avow.errors import NotFound
from avow.server.accounts import actions, changes, handlers, invitations, passwords
from avow.server.delivery.messages import METHODS
from avow.server.serving import Project
from avow.server.sessions import actions as sessions
from avow.server.settings import from_environment
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.wire.accountchanges import ChangeRoles, ChangeTenant
from avow.wire.accounts import Association, CreateUser, PatchUser, Status
from avow.wire.passwords import ExpirePassword, SetPassword
from avow.wire.sessions import LoginRecord, OwnSession
from avow.wire.users import UserResponse

__all__ = [
    "Invitation",
    "Profile",
    "add_tenant",
    "create",
    "delete",
    "end_sessions",
    "expire_password",
    "history",
    "invite",
    "list_sessions",
    "profile",
    "remove_tenant",
    "set_password",
    "set_status",
    "update",
    "where",
]

_WITHIN: Final = "A running server sends it within half a minute."


@dataclass(frozen=True, slots=True)
class Profile:
    """What a user is to be, as options say; None and () for what is not named."""

    email: str | None = None
    phone: str | None = None
    name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    is_email_verified: bool | None = None
    is_phone_verified: bool | None = None
    attributes: tuple[str, ...] = ()
    login_ids: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    tenant_roles: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Invitation:
    """How somebody is invited, as the options of `avow user invite` say."""

    url: str = ""
    by_sms: bool = False
    locale: str = ""


def profile(options: Mapping[str, object]) -> Profile:
    """Return what options of a command say about a user."""
    return shaping.convert({each.name: options[each.name] for each in fields(Profile) if each.name in options}, Profile)


def where(options: Where) -> Where:
    """Return the options that are not about the user."""
    return Where(project=options["project"], data=options["data"], as_json=options["as_json"])


def create(login_id: str, profile: Profile, status: Status, where: Where, *, is_test: bool) -> None:
    """Make a user, and send them nothing."""
    with directory(where) as opened:
        made = opened.change(lambda tx: _created(opened, tx, _new(tx, login_id, profile, status, is_test=is_test)))
    rest = f"\n\nTo send them a link that signs them in: avow user invite {login_id}" if status == "invited" else ""
    say(f"The user {login_id!r} is made: {made.user_id}{rest}", facts(made), as_json=where["as_json"])


def invite(login_id: str, profile: Profile, invitation: Invitation, where: Where) -> None:
    """Send a link that signs in to somebody who is made for it, or who was invited before and has not come yet."""

    def unit(tx: Tx) -> UserResponse:
        found = users.find_by_login_id(tx, addresses.login_id(login_id).canonical)
        if found is None:
            body = _invited(_new(tx, login_id, profile, "invited", is_test=False), invitation)
            return _reachable(_created(opened, tx, body, project))
        if found.row.status != "invited":
            raise CannotStart(f"{login_id!r} is here already ({found.row.status}), and needs no invitation.")
        if profile != Profile():
            raise CannotStart(f"{login_id!r} was invited before; to change them: avow user update {login_id}")
        body = opened.call(_invited(CreateUser(login_id=login_id), invitation), project).body
        invitations.invite(tx, project, found, invitations.read(project, body))
        tx.audit("user.invited", actor=ACTOR, user_id=found.id)
        return _reachable(actions.shown(found))

    with directory(where) as opened:
        project = _sending(opened, where)
        invited = opened.change(unit)
    what = "An SMS" if invitation.by_sms else "A message"
    say(
        f"{what} with a link that signs them in is on its way to {login_id!r} ({invited.user_id}). {_WITHIN}",
        facts(invited),
        as_json=where["as_json"],
    )


def update(user: str, profile: Profile, where: Where) -> None:
    """Change what is named of a user."""
    if profile == Profile():
        raise CannotStart("Say what is to change; `avow user update --help` shows what can.")

    def unit(tx: Tx) -> UserResponse:
        body = PatchUser(
            login_id=named.login_id(tx, user),
            email=profile.email,
            phone=profile.phone,
            display_name=profile.name,
            given_name=profile.given_name,
            family_name=profile.family_name,
            verified_email=profile.is_email_verified,
            verified_phone=profile.is_phone_verified,
            custom_attributes=attributes(profile.attributes),
        )
        return handlers.patch(tx, opened.call(body)).user

    with directory(where) as opened:
        changed = opened.change(unit)
    say(f"The user {user!r} is changed.", facts(changed), as_json=where["as_json"])


def set_status(people: tuple[str, ...], status: Status, where: Where) -> None:
    """Let users sign in or not, all or none; whoever may not is signed out at once."""

    def unit(tx: Tx) -> list[str]:
        # In one order, so that two commands do not wait for each other.
        wanted = sorted({named.login_id(tx, each) for each in people})
        bodies = [PatchUser(login_id=each, status=status) for each in wanted]
        return [handlers.patch(tx, opened.call(body)).user.user_id for body in bodies]

    with directory(where) as opened:
        ids = opened.change(unit)
    what = "may sign in" if status == "enabled" else "may not sign in any more, and have no session left"
    say(f"{_listed(people)} {what}.", {"user_ids": ids, "status": status}, as_json=where["as_json"])


def add_tenant(user: str, tenant: str, roles: tuple[str, ...], where: Where) -> None:
    """Make a user a member of a tenant, with its default roles and these."""

    def unit(tx: Tx) -> UserResponse:
        body = ChangeTenant(login_id=named.login_id(tx, user), tenant_id=named.tenant_id(tx, tenant))
        joined = changes.add_tenant(tx, opened.call(body)).user
        if not roles:
            return joined
        wanted = ChangeRoles(login_id=body.login_id, tenant_id=body.tenant_id, role_names=named.role_names(tx, roles))
        return changes.add_roles(tx, opened.call(wanted)).user

    with directory(where) as opened:
        joined = opened.change(unit)
    say(f"{user!r} is a member of {tenant!r}.", facts(joined), as_json=where["as_json"])


def remove_tenant(user: str, tenant: str, where: Where) -> None:
    """End a membership, with the roles held in it."""

    def unit(tx: Tx) -> UserResponse:
        body = ChangeTenant(login_id=named.login_id(tx, user), tenant_id=named.tenant_id(tx, tenant))
        return changes.remove_tenant(tx, opened.call(body)).user

    with directory(where) as opened:
        left = opened.change(unit)
    say(f"{user!r} is a member of {tenant!r} no more.", facts(left), as_json=where["as_json"])


def delete(people: tuple[str, ...], where: Where, *, is_agreed: bool) -> None:
    """Delete users for ever, all or none."""
    with directory(where) as opened:
        found = opened.look(lambda tx: [named.user(tx, each) for each in people])
        require_yes(f"Delete {_listed(people)} with all that is theirs, for ever?", is_agreed=is_agreed)
        ids = sorted({each.id for each in found})

        def unit(tx: Tx) -> None:
            actions.lock_several(tx, ids)
            if actions.delete(tx, ids, actor=ACTOR) < len(ids):
                raise NotFound(error_message="Somebody of them was deleted meanwhile; nobody else is.")

        opened.change(unit)
    say(f"Deleted: {_listed(people)}.", {"user_ids": ids, "deleted": True}, as_json=where["as_json"])


def end_sessions(user: str, session: str, where: Where) -> None:
    """End every session of a user at once, or one."""

    def unit(tx: Tx) -> tuple[str, int]:
        user_id = named.user(tx, user).id
        if not session:
            return user_id, sessions.end_all(tx, user_id, why="logged out by management", actor=ACTOR)
        if not sessions.end(tx, user_id, session, why="logged out by management", actor=ACTOR):
            raise CannotStart(f"{user!r} has no live session {session!r}; `avow user sessions {user}` shows them.")
        return user_id, 1

    with directory(where) as opened:
        user_id, ended = opened.change(unit)
    say(
        f"{ended} session(s) of {user!r} ended." if ended else f"{user!r} has no session; nobody was signed out.",
        {"user_id": user_id, "sessions_ended": ended},
        as_json=where["as_json"],
    )


def list_sessions(user: str, where: Where) -> None:
    """Print the live sessions of a user, the newest first."""
    with directory(where) as opened:
        rows = opened.look(lambda tx: sessions.own(tx, opened.project, named.user(tx, user).id))
    is_json = where["as_json"]
    table(
        [
            facts(
                OwnSession(
                    id=row.id,
                    created_time=row.created_at,
                    last_used_time=row.last_used_at,
                    address=row.address,
                    device=row.device,
                    current=False,
                )
            )
            if is_json
            else {
                "id": row.id,
                "last_used": moment(row.last_used_at),
                "address": row.address,
                "device": row.device,
            }
            for row in rows
        ],
        as_json=is_json,
        empty=f"{user!r} has no live session; `avow user history {user}` shows past ones.",
    )


def history(user: str, where: Where) -> None:
    """Print the last sign-ins of a user, the newest first."""
    with directory(where) as opened:
        user_id = opened.look(lambda tx: named.user(tx, user)).id
        rows = opened.look(lambda tx: sessions.history(tx, [user_id]))
    is_json = where["as_json"]
    table(
        [
            facts(
                LoginRecord(
                    user_id=user_id, login_time=row.created_at, ip=row.address, selected_tenant=row.tenant_id or ""
                )
            )
            if is_json
            else {"signed_in": moment(row.created_at), "address": row.address, "tenant": row.tenant_id}
            for row in rows
        ],
        as_json=is_json,
        empty=f"{user!r} has not signed in yet; `avow user invite` sends somebody who is invited a link.",
    )


def set_password(user: str, where: Where, *, is_active: bool, is_piped: bool) -> None:
    """Give a user a password that is typed or piped in; it is printed nowhere."""
    with directory(where) as opened:
        login_id = opened.look(lambda tx: named.login_id(tx, user))
        body = SetPassword(login_id=login_id, password=ask_password(is_piped=is_piped), set_active=is_active)
        opened.follow(passwords.set_password(opened.call(body)))
    rest = "" if is_active else " It lets them do no more than choose their own."
    state = "active" if is_active else "temporary"
    say(
        f"{user!r} has another password, and no session left.{rest}",
        {"login_id": login_id, "state": state},
        as_json=where["as_json"],
    )


def expire_password(user: str, where: Where) -> None:
    """Let a user's password do no more than replace it."""

    def unit(tx: Tx) -> str:
        body = ExpirePassword(login_id=named.login_id(tx, user))
        passwords.expire_password(tx, opened.call(body))
        return body.login_id

    with directory(where) as opened:
        login_id = opened.change(unit)
    say(
        f"The password of {user!r} lets them do no more than choose another.",
        {"login_id": login_id, "state": "expired"},
        as_json=where["as_json"],
    )


def _created(opened: Directory, tx: Tx, body: CreateUser, project: Project | None = None) -> UserResponse:
    return handlers.create(tx, opened.call(body, project)).user


def _new(tx: Tx, login_id: str, profile: Profile, status: Status, *, is_test: bool) -> CreateUser:
    roles: dict[str, list[str]] = {named.tenant_id(tx, each): [] for each in profile.tenants}
    for tenant, role in profile.tenant_roles:
        roles.setdefault(named.tenant_id(tx, tenant), []).extend(named.role_names(tx, [role]))
    return CreateUser(
        login_id=login_id,
        email=profile.email,
        phone=profile.phone,
        display_name=profile.name,
        given_name=profile.given_name,
        family_name=profile.family_name,
        verified_email=profile.is_email_verified,
        verified_phone=profile.is_phone_verified,
        custom_attributes=attributes(profile.attributes),
        additional_login_ids=profile.login_ids or None,
        role_names=named.role_names(tx, profile.roles) or None,
        user_tenants=tuple(Association(tenant_id=each, role_names=tuple(names)) for each, names in roles.items())
        or None,
        status=status,
        test=is_test,
    )


def _invited(body: CreateUser, invitation: Invitation) -> CreateUser:
    return msgspec.structs.replace(
        body,
        invite=True,
        invite_url=invitation.url or None,
        send_mail=False if invitation.by_sms else None,
        send_sms=True if invitation.by_sms else None,
        locale=invitation.locale or None,
    )


def _reachable(user: UserResponse) -> UserResponse:
    if not (user.email or user.phone):
        raise CannotStart("They have no address that a link could go to; name one with --email or --phone.")
    return user


def _sending(opened: Directory, where: Where) -> Project:
    """Return the project as its servers see it: where links lead, and who carries messages.

    Raises:
        CannotStart: The environment does not say so.
    """
    if where["data"] is not None:
        return replace(opened.project, carriers=frozenset(METHODS))
    given = {name: value for name, value in os.environ.items() if name.startswith("AVOW_")}
    if "AVOW_PUBLIC_URL" not in given:
        raise CannotStart("Set AVOW_PUBLIC_URL as the server has it; the link that is sent begins with it.")
    from avow.server.app import senders_of  # the whole server, which nobody else needs

    settings = from_environment(given)
    carriers = frozenset(senders_of(settings))
    if not carriers:
        raise CannotStart("Set AVOW_SMTP_HOST or AVOW_SMS_URL as the server has it; nobody carries messages otherwise.")
    return replace(opened.project, public_url=settings.public_url, carriers=carriers)


def _listed(people: tuple[str, ...]) -> str:
    return plain(", ".join(people))
