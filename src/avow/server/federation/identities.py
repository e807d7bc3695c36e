"""Whom a person elsewhere is here: found by identity, connected by a proven address, or created.

An identity is the way, the issuer and the subject; an address never is. docs/social.md says the rules to people.
"""

import hashlib
from dataclasses import dataclass

from avow.core import addresses
from avow.core.addresses import LoginId
from avow.core.federation.people import Person
from avow.core.ids import secret_text
from avow.errors import (
    AuthException,
    InvalidArgument,
    LinkingRefused,
    SignInRefused,
    UserDisabled,
    UserExists,
    UserNotFound,
)
from avow.server.federation import rows
from avow.server.federation.rows import IdentityRow, IdRow
from avow.server.federation.starts import Does, Way
from avow.server.proofs import newcomers
from avow.server.proofs.actions import oust_others
from avow.server.serving import Client, Project, Refusal
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.server.users.actions import NewUser, Profile

__all__ = ["Admitted", "Rule", "admit", "forget_way", "identity_of"]

_MAX_PLAIN_SUBJECT = 128


@dataclass(frozen=True, slots=True)
class Rule:
    """What a way may do for whom it does not know yet.

    Attributes:
        does: As in the start.
        user_id: The only user that may come out (update, step-up, MFA), or "".
        may_create: Whether users come into being by it.
        may_connect: Whether a verified address leads to the user who has it; otherwise only the identity does.
        tenant_id: Of SSO: identities are the tenant's and go with it.
        protocol: What answers say of the user's ways: `oauth`, `saml` or `oidc`.
        anonymous_id: As in the start.
    """

    does: Does = "sign-up-or-in"
    user_id: str = ""
    may_create: bool = True
    may_connect: bool = True
    tenant_id: str = ""
    protocol: str = "oauth"
    anonymous_id: str = ""


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who a person turned out to be.

    Attributes:
        profile: The user, as this unit holds them.
        is_new: Created just now, or invited and here for the first time.
    """

    profile: Profile
    is_new: bool


def identity_of(tx: Tx, way: Way, person: Person) -> str | None:
    """Return the id of the user who has come by this way as this person before, or None; marks it as used."""
    found = tx.one(rows.USE, IdentityRow, way=way.text, issuer=person.issuer, subject=person.subject)
    return found.user_id if found else None


def forget_way(tx: Tx, way: Way) -> int:
    """Delete the identities of a configuration that is no more; return how many. Their users stay."""
    return tx.run(rows.DISCONNECT_WAY, way=way.text)


def admit(tx: Tx, project: Project, client: Client, way: Way, person: Person, rule: Rule) -> Admitted | Refusal:
    """Find the user that a person is, connect the person to one, or create one.

    In this order: (1) who came by this way with this issuer and subject before; (2) in an update, the user of the
    session; (3) the user who has the person's verified address as a login ID: at once when the user has proven that
    address, otherwise as its owner, who ends what others did on the account before, and so adds to no session of it;
    (4) a new user. An address that is not verified leads to nobody, and a new user whose address somebody has is
    refused.

    What the provider says of name and picture fills what is empty; an address changes nothing of a known user.

    Args:
        tx: The unit.
        project: Whose.
        client: The browser, for the audit.
        way: By which configuration.
        person: Who they are there; judged already.
        rule: What may happen.

    Returns:
        The user, or a Refusal (audited) with SignInRefused, LinkingRefused, UserExists, UserNotFound or UserDisabled.

    Raises:
        UserExists: Somebody else came first, just now; nothing is written, and the unit may be tried again.
    """
    try:
        return _admitted(tx, project, way, person, rule)
    except _Refused as no:
        tx.audit(
            "federation.refused",
            outcome="refused",
            user_id=no.user_id,
            tenant_id=way.tenant_id,
            address=client.address,
            device=client.device,
            method=way.kind,
            data={"way": way.text, "reason": no.reason, "code": no.error.error_code},
        )
        return Refusal(no.error)


class _Refused(Exception):
    """A refusal on its way out; nothing was written before it."""

    def __init__(self, error: AuthException, reason: str, user_id: str = "") -> None:
        super().__init__(reason)
        self.error = error
        self.reason = reason
        self.user_id = user_id


def _admitted(tx: Tx, project: Project, way: Way, person: Person, rule: Rule) -> Admitted:
    known = identity_of(tx, way, person)
    if known is not None:
        return _known(tx, way, known, person, rule)
    if rule.does == "update":
        return _connected(tx, way, rule.user_id, person, rule)
    owner = users.find_owner(tx, addresses.login_id(person.email).canonical) if person.email else None
    if owner is not None and person.is_email_verified:
        return _of_owner(tx, way, owner, person, rule)
    if owner is not None and not project.settings.hides_existence:
        raise _Refused(LinkingRefused(), "the address is not verified, and somebody has it", owner)
    return _created(tx, way, person, rule, hides_email=owner is not None)


def _known(tx: Tx, way: Way, user_id: str, person: Person, rule: Rule) -> Admitted:
    if rule.does == "update" and user_id != rule.user_id:
        raise _Refused(LinkingRefused(), "the identity is another user's", user_id)
    if rule.user_id and user_id != rule.user_id:
        raise _Refused(SignInRefused(), "another user than the one of the session", user_id)
    if rule.does == "sign-up":
        raise _Refused(UserExists(), "the identity is known", user_id)
    return _let_in(tx, user_id, person)


def _of_owner(tx: Tx, way: Way, owner: str, person: Person, rule: Rule) -> Admitted:
    """Connect a person to the user who signs in with their verified address."""
    if rule.does == "sign-up":
        raise _Refused(UserExists(), "the address is a user's", owner)
    if rule.user_id and owner != rule.user_id:
        raise _Refused(SignInRefused(), "another user than the one of the session", owner)
    profile = users.hold(tx, owner)
    folded = addresses.email(person.email).folded
    if profile is None or not rule.may_connect or not profile.has_address(folded, by_email=True):
        raise _Refused(LinkingRefused(), "the address does not lead to its user by this way", owner)
    if profile.is_disabled:
        raise _Refused(UserDisabled(), "the user is disabled", owner)
    if not profile.row.is_email_verified and rule.user_id:
        # A first proof would end all of the user's sessions, and the one that it is to be added to.
        raise _Refused(LinkingRefused(), "the address has to be proven before it adds to a session", owner)
    if not profile.row.is_email_verified:
        # The owner of the address has come; what others did on the account ends before anything leads there.
        users.prove_email(tx, owner, folded)
        oust_others(tx, owner, folded, by_email=True)
    admitted = _connected(tx, way, owner, person, rule)
    return Admitted(admitted.profile, admitted.is_new or profile.is_invited)


def _connected(tx: Tx, way: Way, user_id: str, person: Person, rule: Rule) -> Admitted:
    _connect(tx, way, user_id, person, rule)
    tx.audit(
        "identity.connected",
        actor=f"user:{user_id}",
        user_id=user_id,
        tenant_id=way.tenant_id,
        method=way.kind,
        data={"way": way.text},
    )
    return _let_in(tx, user_id, person)


def _created(tx: Tx, way: Way, person: Person, rule: Rule, *, hides_email: bool) -> Admitted:
    if rule.user_id:
        raise _Refused(SignInRefused(), "another user than the one of the session")
    if rule.does == "sign-in" or not rule.may_create:
        raise _Refused(UserNotFound(), "nobody has come as this person before")
    # Members of a tenant have no address that its identity provider denies: theirs is taken for the tenant's word.
    is_denied = bool(rule.tenant_id) and not person.is_email_verified
    email = "" if hides_email or is_denied else person.email
    user_id = newcomers.insert(
        tx,
        NewUser(
            login_id=_login_id(tx, way, person, email),
            email=email,
            is_email_verified=bool(email) and person.is_email_verified,
            phone=person.phone if person.is_phone_verified else "",
            is_phone_verified=person.is_phone_verified,
            name=person.name,
            given_name=person.given_name,
            middle_name=person.middle_name,
            family_name=person.family_name,
            picture=person.picture,
        ),
        anonymous_id=rule.anonymous_id,
    )
    _connect(tx, way, user_id, person, rule)
    profile = users.find(tx, user_id)
    if profile is None:
        raise TypeError("a user who was just created")
    return Admitted(profile, is_new=True)


def _login_id(tx: Tx, way: Way, person: Person, email: str) -> LoginId:
    """Return what a new user signs in with: the verified address, otherwise the provider's name and the subject."""
    if email and person.is_email_verified:
        return addresses.login_id(email)
    prefix = way.name or way.kind
    try:
        plain = addresses.login_id(f"{prefix}-{person.subject[:_MAX_PLAIN_SUBJECT]}")
        is_plain = not addresses.is_email(plain.typed) and len(person.subject) <= _MAX_PLAIN_SUBJECT
        if is_plain and users.find_owner(tx, plain.canonical) is None:
            return plain
    except InvalidArgument:
        pass
    # Somebody may have taken the plain one on purpose; nobody can take this.
    digest = hashlib.sha256(f"{person.issuer}\0{person.subject}".encode()).hexdigest()[:16]
    return addresses.login_id(f"{prefix}-{digest}-{secret_text(12)}")


def _connect(tx: Tx, way: Way, user_id: str, person: Person, rule: Rule) -> None:
    made = tx.one(
        rows.CONNECT,
        IdentityRow,
        way=way.text,
        protocol=rule.protocol,
        issuer=person.issuer,
        subject=person.subject,
        user_id=user_id,
        tenant_id=rule.tenant_id or None,
    )
    if made is None:
        raise UserExists(error_message="The identity was connected to a user just now.")


def _let_in(tx: Tx, user_id: str, person: Person) -> Admitted:
    """Return a user who has come, as they are now; an invited one is enabled by it."""
    before = users.hold(tx, user_id)
    if before is None:
        raise _Refused(SignInRefused(), "the user is gone", user_id)
    if before.is_disabled:
        raise _Refused(UserDisabled(), "the user is disabled", user_id)
    if before.is_invited:
        users.admit(tx, user_id)
    is_filled = tx.one(
        rows.FILL,
        IdRow,
        user_id=user_id,
        name=person.name,
        given_name=person.given_name,
        middle_name=person.middle_name,
        family_name=person.family_name,
        name_folded=users.folded_name(person.name, person.given_name, person.middle_name, person.family_name),
        picture=person.picture,
    )
    profile = users.find(tx, user_id) if is_filled or before.is_invited else before
    if profile is None:
        raise _Refused(SignInRefused(), "the user is gone", user_id)
    return Admitted(profile, is_new=before.is_invited)
