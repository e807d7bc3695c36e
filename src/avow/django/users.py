"""Django's rows of Avow's users: found by the session token, made at the first sign-in, saved when something changed.

Whose a row is stands in its password, which nobody can sign in with: it begins with a mark. Rows without the mark
belong to somebody else (people with a password, other backends) and are never handed out; `manage.py avow_adopt`
marks them.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, Group
from django.core.cache import cache
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db import IntegrityError, models, transaction
from django.utils.crypto import get_random_string

from avow.core import rbac
from avow.django import clients, settings
from avow.django.shapes import User
from avow.errors import AvowError
from avow.sdk.integration.session import AvowSession

__all__ = [
    "AccountConflict",
    "arrive",
    "bring_up_to_date",
    "dress",
    "forget_me",
    "is_ours",
    "load",
    "load_or_nobody",
    "marked_password",
    "me_of",
    "remember_me",
    "user_field",
]

logger = logging.getLogger("avow.django")

MARK: Final = "!avow$"  # Django takes any password that begins with "!" for one that nobody has
_ID_CLAIM: Final = "sub"


class AccountConflict(PermissionDenied):
    """The session is right, but this project has no account to go with it: the row is somebody else's."""


def load(session: AvowSession) -> User:
    """Return the row of a session with one query; a person who is seen for the first time gets one.

    Raises:
        AccountConflict: The row belongs to somebody else, or cannot be made.
    """
    row = _find(_name_of(session))
    return arrive(session) if row is None else dress(row, session)


def load_or_nobody(session: AvowSession) -> User:
    """Return the row of a session; an `AnonymousUser` when there is none for it, or it was locked here."""
    try:
        row = load(session)
    except (AccountConflict, AvowError) as error:
        logger.warning("A session is right, and signs nobody in: %s", error)
        return AnonymousUser()
    return row if row.is_active else AnonymousUser()


def arrive(session: AvowSession, me: Mapping[str, Any] | None = None) -> User:
    """Return the row of somebody who signs in or whose session was refreshed; made or saved where it differs.

    Args:
        session: Of a person.
        me: What the server says of them; asked when absent.

    Raises:
        AccountConflict: The row belongs to somebody else, or cannot be made.
    """
    name = _name_of(session)
    told = me_of(session) if me is None else me
    try:
        with transaction.atomic(using=_manager().db):
            row = _find(name)
            row = _made(name, session, told) if row is None else row
            bring_up_to_date(row, session, told)
    except IntegrityError as error:
        raise AccountConflict("Another account has the same e-mail address or name.") from error
    return row


def bring_up_to_date(row: User, session: AvowSession, me: Mapping[str, Any]) -> None:
    """Write what tokens and server say into a row, and save the columns that differ."""
    changed = []
    for column, value in _columns(row, session, me).items():
        if getattr(row, column) != value:
            setattr(row, column, value)
            changed.append(column)
    if changed:
        row.save(update_fields=changed)
    dress(row, session)
    _put_into_groups(row, session.roles)


def dress(row: User, session: AvowSession) -> User:
    """Give a row what the session says right now; nothing is saved."""
    row.session_token = dict(session.claims)
    row.refresh_token = session.tokens.refresh
    for column, value in _flags(row, session).items():
        setattr(row, column, value)
    return row


def is_ours(row: User) -> bool:
    """Tell whether a row was made for a user of Avow, or handed over to one."""
    password = getattr(row, "password", MARK)
    # The older plugin made rows with an empty password and named them by the id, which nobody chooses.
    return password.startswith(MARK) or (password == "" and settings.load().username_claim == _ID_CLAIM)


def marked_password() -> str:
    """Return a password that nobody can sign in with, which says that the row is Avow's."""
    return MARK + get_random_string(40)


def user_field() -> str:
    """Return the name of the unique column by which rows are found."""
    model: User = get_user_model()
    return settings.load().user_field or str(model.USERNAME_FIELD)


# --- What the server says of a person, for a while --------------------------------------------------------------


def me_of(session: AvowSession) -> Mapping[str, Any]:
    """Return what the server says of the person, from Django's cache when it is fresh.

    Nothing for a session token that came alone, as APIs get them: only the refresh token may ask.

    Raises:
        AvowError: The server refuses the refresh token or is away.
    """
    known = _asked(cache.get, _me_key(session))
    if isinstance(known, dict):
        return known
    refresh = session.tokens.refresh
    return remember_me(session, clients.client().me(refresh)) if refresh else {}


def remember_me(session: AvowSession, me: Mapping[str, Any]) -> Mapping[str, Any]:
    """Keep what the server just said."""
    if seconds := settings.load().me_seconds:
        _asked(cache.set, _me_key(session), dict(me), seconds)
    return me


def forget_me(session: AvowSession) -> None:
    """Have the server asked the next time."""
    _asked(cache.delete, _me_key(session))


def _asked(act: Callable[..., Any], *arguments: object) -> object:
    """Return what Django's cache answers; None while it is away: nobody is signed in or out by that."""
    try:
        return act(*arguments)
    except Exception:  # each kind of cache has errors of its own
        logger.exception("Django's cache does not answer.")
        return None


def _me_key(session: AvowSession) -> str:
    return f"avow_me:{session.claims.get('iss', '')}:{session.user_id}"


# --- Rows -------------------------------------------------------------------------------------------------------


def _manager() -> models.Manager[Any]:
    found: models.Manager[Any] = apps.get_model("avow", "AvowUser")._default_manager
    return found


def _name_of(session: AvowSession) -> str:
    """Return the claim that a row is found by.

    Raises:
        AccountConflict: The token is a machine's, or lacks the claim, or no column could hold it.
    """
    claim = settings.load().username_claim
    name = session.claims.get(claim)
    if session.is_machine or not isinstance(name, str) or not name.strip():
        raise AccountConflict(f'The session token has no claim "{claim}" that could name a user.')
    longest = getattr(get_user_model()._meta.get_field(user_field()), "max_length", None)
    if "\0" in name or (longest is not None and len(name) > longest):
        raise AccountConflict(f'The claim "{claim}" does not fit into the column {user_field()}.')
    return name


def _find(name: str) -> User | None:
    try:
        row = _manager().get(**{user_field(): name})
    except models.ObjectDoesNotExist:
        return None
    if not is_ours(row):
        logger.warning("The account %r is not Avow's: manage.py avow_adopt hands it over.", row.pk)
        raise AccountConflict("An account of this name belongs to somebody else.")
    return row


def _made(name: str, session: AvowSession, me: Mapping[str, Any]) -> User:
    """Insert a row, or return the one that somebody else inserted just now."""
    model = apps.get_model("avow", "AvowUser")
    values = _columns(model(), session, me) | {"password": marked_password()}
    row, _ = _manager().get_or_create(**{user_field(): name}, defaults=values)
    if not is_ours(row):
        raise AccountConflict("An account of this name belongs to somebody else.")
    return row


def _columns(row: User, session: AvowSession, me: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _flags(row, session)
    email = type(row).get_email_field_name()
    if "email" in me and email != user_field() and _has(row, email):
        found[email] = str(me["email"] or "")
    return found


def _flags(row: User, session: AvowSession) -> dict[str, bool]:
    said = settings.load()
    wanted = (("is_staff", said.is_staff_role), ("is_superuser", said.is_superuser_role))
    return {
        column: rbac.validate_roles(session.claims, [role]) for column, role in wanted if role and _has(row, column)
    }


def _has(row: User, column: str) -> bool:
    try:
        row._meta.get_field(column)
    except FieldDoesNotExist:
        return False
    return True


def _put_into_groups(row: User, roles: Iterable[str]) -> None:
    """Make the groups of a row follow its roles, as far as the settings say which groups those are."""
    mapping = settings.load().groups
    if not mapping or not hasattr(row, "groups"):
        return
    now = set(row.groups.values_list("name", flat=True))
    if mapping is True:
        wanted, ruled = set(roles), now
    else:
        wanted, ruled = {mapping[role] for role in roles if role in mapping}, set(mapping.values())
    if gone := (now & ruled) - wanted:
        row.groups.remove(*Group.objects.filter(name__in=gone))
    if new := wanted - now:
        row.groups.add(*Group.objects.filter(name__in=new))
