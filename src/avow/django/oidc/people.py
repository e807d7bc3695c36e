"""From what a provider says of a person to their account here: found by issuer and subject, and by nothing else.

An address leads to an account only where the project says so, and only a verified one.
"""

import logging
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import FieldDoesNotExist
from django.db import IntegrityError, models, transaction
from django.utils.crypto import get_random_string

from avow.core.federation.claims import find
from avow.django.oidc import settings
from avow.django.oidc.models import Identity
from avow.django.oidc.problems import ADDRESS_MISSING, ADDRESS_TAKEN, ANSWER_WRONG, LOCKED, NO_ACCOUNT, SignInStopped
from avow.django.shapes import User

__all__ = ["Person", "account_of", "identity_of", "is_same_address"]

logger = logging.getLogger("avow.django.oidc")

_NOT_IN_NAMES: Final = re.compile(r"[^\w.@+-]")  # what Django's own user model refuses
_SUFFIX_LENGTH: Final = 8
_LONGEST: Final = 150


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of whom the provider proved who they are: only a verified ID token makes one.

    Attributes:
        issuer: The provider.
        subject: What it calls them.
        claims: All that it says of them.
    """

    issuer: str
    subject: str
    claims: Mapping[str, Any]

    @property
    def verified_email(self) -> str:
        """Return the address that the provider vouches for, or ""."""
        email, verified = self.claims.get("email"), self.claims.get("email_verified")
        is_verified = verified is True or (verified is None and settings.load().trust_email)
        is_address = isinstance(email, str) and len(email) <= 254 and "@" in email and "\0" not in email
        return str(email) if is_address and is_verified else ""

    @property
    def roles(self) -> set[str]:
        """Return the names in the claim that the settings name: a list, or words."""
        value = find(self.claims, settings.load().roles_claim)
        listed = value.split() if isinstance(value, str) else value
        texts = listed if isinstance(listed, list) else []
        return {each for each in texts if isinstance(each, str) and "\0" not in each}


def account_of(person: Person) -> User:
    """Return the account of a person, with what the provider says of them now; made at their first visit.

    Raises:
        SignInStopped: They have none, and may not be given one.
    """
    if "\0" in person.subject:  # PostgreSQL takes no such text, and nobody is called so
        raise SignInStopped(ANSWER_WRONG, "sub: NUL in it")
    try:
        with transaction.atomic():
            return _brought_up_to_date(_found(person) or _matched(person) or _made(person), person)
    except IntegrityError as error:
        # Somebody else was here at the same time: the same person in another tab, or an account with the same address.
        with transaction.atomic():
            user = _found(person)
            if user is None:
                raise SignInStopped(ADDRESS_TAKEN, str(error)) from error
            return _brought_up_to_date(user, person)


def identity_of(person: Person) -> Identity | None:
    """Return the row of a person; some databases find it by another spelling, which is somebody else."""
    found = Identity.objects.select_related("user").filter(issuer=person.issuer, subject=person.subject).first()
    is_theirs = found is not None and (found.issuer, found.subject) == (person.issuer, person.subject)
    return found if is_theirs else None


def is_same_address(one: str, other: str) -> bool:
    """Tell whether two addresses are one, but for the case of ASCII letters.

    Databases find more: in some, a long s, a dotless i and a Kelvin sign are the letters that they look like, and the
    address of somebody else.
    """
    return one == other or (one.isascii() and other.isascii() and one.lower() == other.lower())


# --- Whose account it is -----------------------------------------------------------------------------------------


def _found(person: Person) -> User | None:
    identity = identity_of(person)
    return None if identity is None else identity.user


def _matched(person: Person) -> User | None:
    """Join a person to the one active account that has their verified address, where the project says so."""
    email, model = person.verified_email, get_user_model()
    if not settings.load().match_email or not email:
        return None
    column = model.get_email_field_name()
    likely = model._default_manager.filter(**{f"{column}__iexact": email}, is_active=True)
    fitting = [user for user in likely[:10] if is_same_address(getattr(user, column), email)]
    if len(fitting) != 1 or Identity.objects.filter(user=fitting[0], issuer=person.issuer).exists():
        return None  # two accounts, or one that is another person's at this provider
    Identity.objects.create(issuer=person.issuer, subject=person.subject, user=fitting[0])
    logger.info("The account %s is now that of %s at %s.", fitting[0].pk, person.subject, person.issuer)
    return fitting[0]


def _made(person: Person) -> User:
    if not settings.load().create_users:
        raise SignInStopped(NO_ACCOUNT, f"{person.subject} at {person.issuer}")
    model: User = get_user_model()
    user = model(**{model.USERNAME_FIELD: _name_for(person)})
    user.set_unusable_password()
    for column, value in _columns(user, person).items():
        setattr(user, column, value)
    user.save()
    Identity.objects.create(issuer=person.issuer, subject=person.subject, user=user)
    return user


def _name_for(person: Person) -> str:
    """Return the name of a new account, which nobody has.

    Raises:
        SignInStopped: Accounts are named by addresses, and this one is missing or somebody's.
    """
    model: User = get_user_model()
    column = model._meta.get_field(model.USERNAME_FIELD)
    if isinstance(column, models.EmailField):
        if not person.verified_email:
            raise SignInStopped(ADDRESS_MISSING, person.subject)
        if model._default_manager.filter(**{f"{column.name}__iexact": person.verified_email}).exists():
            raise SignInStopped(ADDRESS_TAKEN, person.subject)
        return person.verified_email
    said = find(person.claims, settings.load().name_claim)
    wanted = _NOT_IN_NAMES.sub("_", said if isinstance(said, str) and said else person.subject)
    longest = min(getattr(column, "max_length", None) or _LONGEST, _LONGEST)
    name = str(model.normalize_username(wanted))[:longest]
    if not model._default_manager.filter(**{f"{column.name}__iexact": name}).exists():
        return name
    suffix = "-" + get_random_string(_SUFFIX_LENGTH)
    return name[: longest - len(suffix)] + suffix


# --- What the provider says of them ------------------------------------------------------------------------------


def _brought_up_to_date(user: User, person: Person) -> User:
    if not getattr(user, "is_active", True):
        raise SignInStopped(LOCKED, f"account {user.pk}")
    said = settings.load()
    if said.roles_claim:  # first: what was taken away is gone, whatever becomes of the rest
        _save(user, _flags(user, person))
        _follow_groups(user, person.roles, said.groups)
        _follow_permissions(user, person.roles, said.permissions)
    _follow_columns(user, _columns(user, person))
    return user


def _follow_columns(user: User, values: Mapping[str, Any]) -> None:
    """Write columns of an account; one whose value is another account's, such as an address, stays as it was."""
    before = {name: getattr(user, name) for name in values}
    try:
        with transaction.atomic():
            _save(user, values)
    except IntegrityError:
        for name, value in before.items():
            setattr(user, name, value)
        if len(values) == 1:
            logger.warning("The column %s of account %s stays: another account has the value.", *values, user.pk)
            return
        for name, value in values.items():
            _follow_columns(user, {name: value})


def _save(user: User, values: Mapping[str, Any]) -> None:
    changed = [name for name, value in values.items() if getattr(user, name) != value]
    for name in changed:
        setattr(user, name, values[name])
    if changed:
        user.save(update_fields=changed)


def _flags(user: User, person: Person) -> dict[str, bool]:
    said = settings.load()
    flags = {"is_staff": said.is_staff_role, "is_superuser": said.is_superuser_role}
    return {name: role in person.roles for name, role in flags.items() if role and _field(user, name) is not None}


def _columns(user: User, person: Person) -> dict[str, Any]:
    """Return what the columns of an account should be; those that the model has not are passed over."""
    found = {}
    for column, claim in settings.load().columns.items():
        value = find(person.claims, claim)
        field = _field(user, column)
        if field is not None and isinstance(value, str | bool):
            longest = getattr(field, "max_length", None)
            found[column] = value.replace("\0", "")[:longest] if isinstance(value, str) else value
    email = type(user).get_email_field_name()
    if email != type(user).USERNAME_FIELD and person.verified_email and _field(user, email) is not None:
        found[email] = person.verified_email
    return found


def _follow_groups(user: User, roles: Collection[str], mapping: Mapping[str, str] | bool) -> None:
    if not mapping or not hasattr(user, "groups"):
        return
    now = set(user.groups.values_list("name", flat=True))
    wanted, ruled = _wanted(roles, mapping, now)
    if gone := (now & ruled) - wanted:
        user.groups.remove(*Group.objects.filter(name__in=gone))
    if new := wanted - now:
        user.groups.add(*Group.objects.filter(name__in=new))


def _follow_permissions(user: User, roles: Collection[str], mapping: Mapping[str, str] | bool) -> None:
    if not mapping or not hasattr(user, "user_permissions"):
        return
    held = {_full_name(each): each for each in user.user_permissions.select_related("content_type")}
    wanted, ruled = _wanted(roles, mapping, set(held))
    if gone := (held.keys() & ruled) - wanted:
        user.user_permissions.remove(*(held[name] for name in gone))
    if new := {name for name in wanted - held.keys() if name.count(".") == 1}:
        codenames = [name.partition(".")[2] for name in new]
        likely = Permission.objects.filter(codename__in=codenames).select_related("content_type")
        user.user_permissions.add(*(each for each in likely if _full_name(each) in new))


def _wanted(roles: Collection[str], mapping: Mapping[str, str] | bool, now: set[str]) -> tuple[set[str], set[str]]:
    """Return the names that somebody should have, and those that the provider decides on."""
    if isinstance(mapping, bool):
        return set(roles), now
    return {mapping[role] for role in roles if role in mapping}, set(mapping.values())


def _full_name(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"


def _field(user: User, column: str) -> object | None:
    try:
        found: object = user._meta.get_field(column)
    except FieldDoesNotExist:
        return None
    return found
