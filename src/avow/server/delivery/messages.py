"""What a message is on each stage of its way: asked for, sealed, rendered. No I/O."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from avow.errors import InvalidArgument

__all__ = [
    "METHODS",
    "NOTICES",
    "TEMPLATES",
    "Letter",
    "Link",
    "Message",
    "Method",
    "Notice",
    "OwnTemplate",
    "Parameters",
    "Rendered",
    "Template",
    "text_options",
]

Method = Literal["email", "sms", "voice", "whatsapp"]
Notice = Literal["passkey-added", "passkey-removed", "totp-added", "password-changed", "recovery-codes-made"]
Template = Literal[
    "otp",
    "magic-link",
    "enchanted-link",
    "update-otp",
    "update-magic-link",
    "update-enchanted-link",
    "password-reset",
    Notice,
]
METHODS: tuple[Method, ...] = ("email", "sms", "voice", "whatsapp")
TEMPLATES: tuple[Template, ...] = (
    "otp",
    "magic-link",
    "enchanted-link",
    "update-otp",
    "update-magic-link",
    "update-enchanted-link",
    "password-reset",
)
# What only tells the owner of an account what was changed: no secret in it, and nothing to do unless it was not them.
NOTICES: tuple[Notice, ...] = (
    "passkey-added",
    "passkey-removed",
    "totp-added",
    "password-changed",
    "recovery-codes-made",
)

_OPTIONS = 100
_OPTION_LENGTH = 1000
_OPTION_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Link:
    """One link of an enchanted-link message: the number shown beside it, and where it leads."""

    id: str
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What a message tells; every text is data and is never read as a template.

    Attributes:
        lifetime_seconds: How long the code or link holds; 0 of a notice.
        code: The one-time code of `otp` and `update-otp`.
        link: The link of `magic-link`, `update-magic-link` and `password-reset`.
        links: The numbered links of `enchanted-link` and `update-enchanted-link`.
        what: The name of what a notice is about, such as the passkey; words of our own only.
        device: User-Agent of whoever asked, as sent; the message says it in words.
        place: Where they asked from (an address or a city), or "".
        host: Web host that takes the code, when known; an SMS then ends with the line that browsers fill in from.
        options: The caller's `templateOptions`, from `text_options`.
    """

    lifetime_seconds: int = 0
    code: str = field(default="", repr=False)
    link: str = field(default="", repr=False)
    links: tuple[Link, ...] = field(default=(), repr=False)
    what: str = ""
    device: str = ""
    place: str = ""
    host: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message to queue.

    Attributes:
        template: Which message it is.
        method: How it travels.
        address: E-mail address or E.164 number, canonical (`core.addresses`).
        locale: Accept-Language or a locale, as the caller sent it, or "".
        parameters: What it tells.
        challenge_id: The challenge whose secret it carries; when that is gone or replaced the message is dropped.
    """

    template: Template
    method: Method
    address: str
    locale: str
    parameters: Parameters
    challenge_id: str | None = None


@dataclass(frozen=True, slots=True)
class OwnTemplate:
    """A project's own words for a message; `locale` "" serves every language."""

    locale: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Letter:
    """What the outbox keeps sealed."""

    address: str
    parameters: Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A message ready to send; the secrets in it are the reader's.

    Attributes:
        id: Id of the outbox row; the same at every attempt.
        method: How it travels.
        address: Its only recipient.
        app: Name of the project.
        locale: Language of the texts (`de`).
        subject: Subject of a mail, "" otherwise.
        text: The whole message as plain text.
        html: The mail as HTML, "" otherwise.
        spoken: What a call says, "" otherwise.
        code, link, links: The secrets alone, for the development inbox.
        created_at: When it was asked for.
    """

    id: str
    method: Method
    address: str
    app: str
    locale: str
    subject: str = ""
    text: str = field(default="", repr=False)
    html: str = field(default="", repr=False)
    spoken: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    link: str = field(default="", repr=False)
    links: tuple[Link, ...] = field(default=(), repr=False)
    created_at: int = 0


def text_options(options: Mapping[str, object] | None) -> dict[str, str]:
    """Return a caller's `templateOptions` as texts that fill `{{ options.<key> }}`.

    Keys that no template could name (`__class__`, spaces) are left out.

    Raises:
        InvalidArgument: More than 100 options, or a value that is not a text, number or boolean of at most 1,000
            characters.
    """
    if not options:
        return {}
    if len(options) > _OPTIONS:
        raise InvalidArgument(error_message=f"templateOptions takes at most {_OPTIONS} entries.")
    return {key: _text(key, value) for key, value in options.items() if _OPTION_KEY.fullmatch(key)}


def _text(key: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float) or len(text := str(value)) > _OPTION_LENGTH:
        raise InvalidArgument(
            error_message=f"templateOptions.{key} must be a text of at most {_OPTION_LENGTH} characters."
        )
    return text
