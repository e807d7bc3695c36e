"""Invitations: a new user is sent a link that proves their address and signs them in."""

from dataclasses import dataclass

from avow.errors import InvalidArgument
from avow.server.proofs import magiclinks
from avow.server.proofs.actions import Binding, Recipient
from avow.server.proofs.targets import target
from avow.server.serving import Project
from avow.server.store import Tx
from avow.server.users.actions import Profile
from avow.wire.accounts import CreateUser, CreateUsers
from avow.wire.login import LoginOptions

__all__ = ["Invitation", "invite", "read"]

_LIFETIME_SECONDS = 3 * 86400


@dataclass(frozen=True, slots=True)
class Invitation:
    """How users are invited.

    Attributes:
        uri: Where the link leads, or "" for Avow's own page.
        by_mail, by_sms: As the caller wants it, or None for what the user has.
        options: Language and template values.
    """

    uri: str
    by_mail: bool | None
    by_sms: bool | None
    options: LoginOptions


def read(project: Project, body: CreateUser | CreateUsers) -> Invitation:
    """Return what a body says about invitations.

    Raises:
        InvalidArgument: The URL is not an approved one.
    """
    uri = target(project, "invite", body.invite_url) or project.settings.invite_url
    values = body.template_options if isinstance(body, CreateUsers) else None
    options = LoginOptions(template_id=body.template_id, template_options=values, locale=body.locale)
    return Invitation(uri, body.send_mail, body.send_sms, options)


def invite(tx: Tx, project: Project, profile: Profile, invitation: Invitation) -> None:
    """Send the link; a test user's exists, and nothing is sent.

    Raises:
        InvalidArgument: The user has no address for it.
        RateLimitException: The address has had its messages for now.
    """
    row = profile.row
    by_mail = bool(row.email) if invitation.by_mail is None else invitation.by_mail
    by_sms = not by_mail and (bool(row.phone) if invitation.by_sms is None else invitation.by_sms)
    if not by_mail and not by_sms:
        return
    address = row.email if by_mail else row.phone
    if not address:
        what = "e-mail address" if by_mail else "phone number"
        raise InvalidArgument(error_message=f"The user has no {what} to invite.")
    binding = Binding(
        does="sign-in",
        method="email" if by_mail else "sms",
        address=address,
        folded=magiclinks.folded(address, by_email=by_mail),
        user_id=profile.id,
        is_first=not (row.is_email_verified if by_mail else row.is_phone_verified),
        is_vouched=True,
    )
    recipient = Recipient(
        profile.id,
        binding,
        invitation.options.locale or "",
        invitation.options,
        sends="nothing" if row.is_test else "message",
    )
    magiclinks.send(tx, project, recipient, invitation.uri, lifetime_seconds=_LIFETIME_SECONDS)
