"""What other slices ask of delivery: queue a message in the unit that made its secret; keep a project's own words."""

import msgspec

from avow.core import addresses
from avow.core.ids import MESSAGE, random_id
from avow.errors import InvalidArgument, RateLimitException
from avow.server.delivery import rows
from avow.server.delivery.catalogue import preferences
from avow.server.delivery.devices import known_device
from avow.server.delivery.messages import (
    METHODS,
    NOTICES,
    TEMPLATES,
    Letter,
    Link,
    Message,
    Method,
    Notice,
    OwnTemplate,
    Parameters,
    Template,
    text_options,
)
from avow.server.delivery.rows import StoredTemplate
from avow.server.delivery.templates import check_own
from avow.server.serving import Client, Project
from avow.server.store import Tx

__all__ = [
    "Link",
    "Message",
    "Method",
    "Notice",
    "OwnTemplate",
    "Parameters",
    "StoredTemplate",
    "Template",
    "check_template",
    "delete_template",
    "every_template",
    "find_templates",
    "known_device",
    "notify",
    "queue",
    "save_template",
    "text_options",
]

_ADDRESS_WINDOW_SECONDS = 600
_MINUTE_SECONDS = 60
_MOST_NOTICES = 20  # of one address in its window: whoever has not seen these would not see one more
# Nodes differ by less. What lies further ahead was sent before the clock was set back: it must not lock anybody out.
_AHEAD_SECONDS = 60


def queue(tx: Tx, project: Project, message: Message, *, is_sent: bool = True) -> None:
    """Put a message into the outbox; it leaves after the commit.

    The limits are judged on the outbox rows themselves, in this unit: no lost cache gives a send back.

    Args:
        tx: The unit that made the message's secret.
        project: Whose settings limit it.
        message: What to send; its address is canonical.
        is_sent: False only counts it against the limits, as a message to somebody who may not be known to exist.

    Raises:
        RateLimitException: The address, its phone prefix or the project has had its messages for now.
        InvalidArgument: The number is in a country that the project does not send to, costs extra to reach, or has not
            the length of its country.
    """
    prefix = "" if message.method == "email" else _allowed_prefix(project, message.address)
    # A mailbox reads its letters in any spelling of its address: all of them are one to a limit.
    address_mac = tx.vault.mac("address", tx.project_id, addresses.login_id(message.address).canonical)
    _limit_address_and_project(tx, project, address_mac)
    if prefix:
        _limit_prefix(tx, project, prefix)
    _insert(tx, message, address_mac, prefix, is_sent=is_sent)


def notify(tx: Tx, project: Project, client: Client, notice: Notice, address: str, *, what: str = "") -> None:
    """Tell the owner of an account by e-mail that somebody changed how it is signed in to.

    It is limited apart from the messages that carry secrets: asking for codes until the address has had its share must
    not keep the notice of what follows from its owner. Where it cannot be sent, the change goes on without it.

    Args:
        tx: The unit of the change.
        project: Whose.
        client: Where the change was made.
        notice: What happened.
        address: The owner's proven e-mail address, canonical; "" when there is none, and then nothing is sent.
        what: The name of what was changed, in words of our own, or "".
    """
    if not address or "email" not in project.carriers:
        return
    address_mac = tx.vault.mac("notices", tx.project_id, addresses.login_id(address).canonical)
    sends = _sends(tx, address_mac, _MOST_NOTICES, project.settings.sends_per_minute)
    if sends and sends.address_filled_at is not None:
        return
    told = Parameters(what=what, device=client.device, place=client.address)
    message = Message(template=notice, method="email", address=address, locale=client.locale, parameters=told)
    _insert(tx, message, address_mac, "", is_sent=True)


def _insert(tx: Tx, message: Message, address_mac: bytes, prefix: str, *, is_sent: bool) -> None:
    message_id = random_id(MESSAGE)
    letter = msgspec.json.encode(Letter(message.address, message.parameters))
    sealed = tx.vault.seal(letter, row=rows.sealed_row(tx.project_id, message_id))
    tx.run(
        rows.INSERT_MESSAGE,
        id=message_id,
        challenge_id=message.challenge_id,
        template=message.template,
        method=message.method,
        locale=",".join(preferences(message.locale)),
        address_mac=address_mac,
        phone_prefix=prefix,
        sealed=sealed if is_sent else None,
        state="waiting" if is_sent else "dropped",
        finished_at=None if is_sent else tx.now,
    )
    if is_sent:
        tx.after_commit("outbox")


def find_templates(tx: Tx, template: Template, method: Method) -> list[OwnTemplate]:
    """Return the project's own templates for a message, of every locale."""
    return tx.all(rows.OWN_TEMPLATES, OwnTemplate, template=template, method=method)


def every_template(tx: Tx) -> list[StoredTemplate]:
    """Return all of the project's own templates."""
    return tx.all(rows.EVERY_OWN_TEMPLATE, StoredTemplate)


def check_template(template: str, method: str, own: OwnTemplate) -> tuple[Template, Method]:
    """Try a project's own words for a message in the sandbox; return the message and method they are for.

    Raises:
        InvalidArgument: There is no such message or method, or a template reaches for more than it may.
    """
    known, travels = _known(template, method)
    check_own(travels, own)
    return known, travels


def save_template(tx: Tx, template: str, method: str, own: OwnTemplate, *, actor: str = "command") -> None:
    """Store a project's own words for a message, once they have been tried in the sandbox.

    Raises:
        InvalidArgument: There is no such message or method, or a template reaches for more than it may.
    """
    known, travels = check_template(template, method, own)
    tx.run(
        rows.PUT_OWN_TEMPLATE,
        template=known,
        method=travels,
        locale=own.locale,
        subject=own.subject,
        text=own.text,
        html=own.html,
    )
    tx.audit("template.saved", actor=actor, data={"template": known, "method": travels, "locale": own.locale})


def delete_template(tx: Tx, template: str, method: str, locale: str) -> bool:
    """Go back to the built-in words; return False when there were no others."""
    known, travels = _known(template, method)
    if not tx.run(rows.DELETE_OWN_TEMPLATE, template=known, method=travels, locale=locale):
        return False
    tx.audit("template.deleted", data={"template": known, "method": travels, "locale": locale})
    return True


def _known(template: str, method: str) -> tuple[Template, Method]:
    for each in (*TEMPLATES, *NOTICES):
        for way in METHODS:
            if (each, way) == (template, method):
                return each, way
    raise InvalidArgument(error_message="There is no such message or delivery method.")


def _allowed_prefix(project: Project, address: str) -> str:
    """Return the phone prefix of a number that the project sends to.

    Raises:
        InvalidArgument: It does not, the number costs extra (premium, satellite), or no number has its length.
    """
    phone = addresses.phone(address)
    if not phone.is_possible:
        raise InvalidArgument(error_message="The phone number does not have the length of its country.")
    countries = project.settings.phone_countries
    if phone.is_costly or (countries and phone.country not in countries):
        raise InvalidArgument(error_message="Messages are not sent to this kind of number.")
    return phone.prefix


def _limit_address_and_project(tx: Tx, project: Project, address_mac: bytes) -> None:
    """Refuse the send that would be one too many for the address, or for the project."""
    _lock(tx, f"sends:{address_mac.hex()}", _ADDRESS_WINDOW_SECONDS)
    settings = project.settings
    sends = _sends(tx, address_mac, settings.sends_per_address, settings.sends_per_minute)
    if sends and sends.address_filled_at is not None:
        raise _full(tx, sends.address_filled_at + _ADDRESS_WINDOW_SECONDS, "this address")
    if sends and sends.project_filled_at is not None:
        raise _full(tx, sends.project_filled_at + _MINUTE_SECONDS, "this project")


def _sends(tx: Tx, address_mac: bytes, most_to_address: int, most_of_project: int) -> rows.Sends | None:
    """Return since when the address, and the project, have had as many messages as they may, if they have."""
    return tx.one(
        rows.SENDS,
        rows.Sends,
        address_mac=address_mac,
        address_since=tx.now - _ADDRESS_WINDOW_SECONDS,
        address_offset=most_to_address - 1,
        project_since=tx.now - _MINUTE_SECONDS,
        project_offset=most_of_project - 1,
        latest=tx.now + _AHEAD_SECONDS,
    )


def _limit_prefix(tx: Tx, project: Project, prefix: str) -> None:
    """Refuse the send that would be one too many for the phone prefix; every attempt at a message counts."""
    _lock(tx, f"sends:{prefix}", _MINUTE_SECONDS)
    since, latest = tx.now - _MINUTE_SECONDS, tx.now + _AHEAD_SECONDS
    sends = tx.one(rows.PREFIX_SENDS, rows.PrefixSends, phone_prefix=prefix, since=since, latest=latest)
    if sends and sends.oldest_at is not None and sends.attempts >= project.settings.sends_per_phone_prefix:
        raise _full(tx, sends.oldest_at + _MINUTE_SECONDS, "numbers of this area")


def _lock(tx: Tx, name: str, seconds: int) -> None:
    tx.run(rows.LOCK_SENDS, id=name, ends_at=tx.now + seconds)


def _full(tx: Tx, free_at: int, whose: str) -> RateLimitException:
    return RateLimitException(
        error_message=f"There were too many messages to {whose}; wait for the seconds in Retry-After.",
        retry_after_seconds=max(1, free_at - tx.now),
    )
