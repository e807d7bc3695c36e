"""The screens: one frozen value for each, with everything that it shows. Nothing here knows HTML or a language.

The name of a screen is the name of its fragment, and the beginning of its texts' keys. `interactions` lists what a
person can do on it: each is the id of a button (in the official component) or the value of `do` (in a posted form).
An interaction with a part after a dot (`social.google`) says on what it is done. `fields` lists what it collects.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

__all__ = [
    "SCREENS",
    "Code",
    "ConfirmLink",
    "Consent",
    "Done",
    "Email",
    "Enchanted",
    "Factor",
    "Factors",
    "Failed",
    "Leaving",
    "LinkSent",
    "NewPassword",
    "Passkey",
    "PasskeyOffer",
    "Password",
    "Policy",
    "Profile",
    "Provider",
    "Purpose",
    "Recovery",
    "RecoveryCodes",
    "Reset",
    "Said",
    "Screen",
    "Sso",
    "Tenant",
    "TenantChoice",
    "Totp",
    "TotpSetup",
    "Way",
    "Why",
]

Purpose = Literal["sign-up-or-in", "sign-up", "sign-in", "mfa", "step-up", "update", "recovery"]
Way = Literal["code", "link", "number", "password", "passkey", "sso"]
Why = Literal["sign-up", "reset", "expired", "change"]
Factor = Literal["totp", "passkey", "password", "email", "sms", "recovery"]


@dataclass(frozen=True, slots=True)
class Said:
    """A text of the catalogue and its values, until the language is known."""

    key: str
    values: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Provider:
    """A social provider as a button.

    Attributes:
        name: What the project calls it; the interaction is `social.<name>`.
        label: For people: `Google`.
        kind: Which mark it has: `google`, `github`, `apple`, `microsoft`, `facebook`, `custom`, ...
    """

    name: str
    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class Policy:
    """What a new password has to be at least."""

    min_length: int = 8
    lowercase: bool = False
    uppercase: bool = False
    number: bool = False
    non_alphanumeric: bool = False


@dataclass(frozen=True, slots=True)
class TenantChoice:
    """A tenant of the person."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What every screen has.

    Attributes:
        error: What went wrong with what was done last, or None. The official component shows it by itself: there the
            fragment only holds the place (`data-type="error-message"`).
        notice: What has just happened (`sent again`), or None.
    """

    name: ClassVar[str] = ""
    interactions: ClassVar[tuple[str, ...]] = ()
    fields: ClassVar[tuple[str, ...]] = ()

    error: Said | None = None
    notice: Said | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Email(Screen):
    """Who somebody is, and how they want to come in: the first screen of most flows.

    Attributes:
        purpose: Of the flow: the heading says it.
        login_id: Fills the field.
        takes_phone: Phone numbers are taken too (with country code), not only e-mail addresses.
        ways: What the field is good for, the first one as the main button. Each is an interaction. `passkey` in `ways`
            is a button of its own beside the field: it needs no login ID.
        providers: Social providers, each a button.
        has_autofill: Passkeys are offered in the field's autofill: its id is `passkey-autofill`, and that is the
            interaction when one is chosen.
        asks_name: A field `name` too (sign-up).
        has_recovery: Recovery codes are taken (`recovery`).
    """

    name: ClassVar[str] = "email"
    interactions: ClassVar[tuple[str, ...]] = (
        "code",
        "link",
        "number",
        "password",
        "passkey",
        "passkey-autofill",
        "sso",
        "social",
        "recovery",
    )
    fields: ClassVar[tuple[str, ...]] = ("email", "name")

    purpose: Purpose = "sign-up-or-in"
    login_id: str = ""
    takes_phone: bool = False
    ways: tuple[Way, ...] = ("code",)
    providers: tuple[Provider, ...] = ()
    has_autofill: bool = False
    asks_name: bool = False
    has_recovery: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Code(Screen):
    """Where a one-time code is typed.

    Attributes:
        sent_to: The masked address.
        digits: How many the code has.
        minutes: How long it is valid.
        resend_seconds: When another one may be asked for: counted down where there is script; 0 for now.
        is_second: It is a second factor: there is no other address to go back to.
        others: Other ways to go on, each an interaction.
    """

    name: ClassVar[str] = "code"
    interactions: ClassVar[tuple[str, ...]] = ("verify", "resend", "back", "link", "password", "passkey", "others")
    fields: ClassVar[tuple[str, ...]] = ("code",)

    sent_to: str
    digits: int = 6
    minutes: int = 5
    resend_seconds: int = 0
    is_second: bool = False
    others: tuple[Way, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSent(Screen):
    """That a link is on its way; the screen notices by itself when it was opened.

    Attributes:
        sent_to: The masked address.
        resend_seconds: As of `Code`.
        is_ended: The link is not valid any more: nothing is asked again (no polling).
    """

    name: ClassVar[str] = "link-sent"
    interactions: ClassVar[tuple[str, ...]] = ("resend", "back", "code", "polling")

    sent_to: str
    resend_seconds: int = 0
    is_ended: bool = False
    others: tuple[Way, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Enchanted(Screen):
    """The number to choose in the message, on any device; the screen then goes on by itself.

    Attributes:
        sent_to: The masked address.
        number: Two digits, to be shown big.
        resend_seconds, is_ended: As of `LinkSent`.
    """

    name: ClassVar[str] = "enchanted"
    interactions: ClassVar[tuple[str, ...]] = ("resend", "back", "polling")

    sent_to: str
    number: str
    resend_seconds: int = 0
    is_ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmLink(Screen):
    """A link was opened in another browser than the one that asked for it: who asked, and whether to go on here.

    Attributes:
        device: Browser and system that asked, in words, or "".
        place: IP address that asked, or "".
    """

    name: ClassVar[str] = "confirm-link"
    interactions: ClassVar[tuple[str, ...]] = ("confirm", "back")

    device: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Password(Screen):
    """Where a password is typed.

    Attributes:
        login_id: Of whom; also a hidden field for password managers. "" where it is asked for here too (field `email`).
        takes_phone: As of `Email`.
        others: Other ways to go on, each an interaction.
        may_sign_up: A new account is offered (`sign-up`).
        is_second: It is a second factor, of a person who is known.
        has_others: There are other factors to choose from (`others`).
    """

    name: ClassVar[str] = "password"
    interactions: ClassVar[tuple[str, ...]] = (
        "sign-in",
        "sign-up",
        "forgot",
        "back",
        "code",
        "link",
        "passkey",
        "others",
    )
    fields: ClassVar[tuple[str, ...]] = ("password", "email")

    login_id: str = ""
    takes_phone: bool = False
    others: tuple[Way, ...] = ()
    may_sign_up: bool = False
    is_second: bool = False
    has_others: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPassword(Screen):
    """Where a new password is chosen.

    Attributes:
        login_id: Of whom, for password managers.
        policy: What it has to be.
        why: `sign-up`, `reset` (forgotten), `expired` (the one before has to be typed too: field `old`) or `change`.
    """

    name: ClassVar[str] = "new-password"
    interactions: ClassVar[tuple[str, ...]] = ("save", "back")
    fields: ClassVar[tuple[str, ...]] = ("new-password", "old", "name")

    login_id: str = ""
    policy: Policy = Policy()
    why: Why = "sign-up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset(Screen):
    """Whose password was forgotten: they get a link or code.

    Attributes:
        login_id: Fills the field.
    """

    name: ClassVar[str] = "reset"
    interactions: ClassVar[tuple[str, ...]] = ("send", "back")
    fields: ClassVar[tuple[str, ...]] = ("email",)

    login_id: str = ""
    takes_phone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey(Screen):
    """The browser asks for a passkey. The official component does it by itself; a page needs script.

    Attributes:
        creates: A passkey is created; otherwise one is shown.
        options: What the browser is asked, JSON (`{"publicKey": ...}`), for pages.
    """

    name: ClassVar[str] = "passkey"
    interactions: ClassVar[tuple[str, ...]] = ("submit", "again", "back")
    fields: ClassVar[tuple[str, ...]] = ("transactionId", "response", "failure", "failureReason", "origin")

    creates: bool = False
    options: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyOffer(Screen):
    """Somebody came in by a code or link: do they want a passkey for the next time?"""

    name: ClassVar[str] = "passkey-offer"
    interactions: ClassVar[tuple[str, ...]] = ("create", "later")


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpSetup(Screen):
    """The seed of an authenticator app as picture and text, and its first code.

    In the official component the seed is not in the fragment: `image` and `key` are places that its own state fills
    (`{{totp.image}}`), in attributes only, of elements with `data-has-dynamic-attr-values`.

    Attributes:
        image: PNG as base64, or the place.
        key: Base32 in groups of four, or the place.
        link: `otpauth:` address, or the place.
        account: The person as the app will show them.
        is_required: There is no way round it.
    """

    name: ClassVar[str] = "totp-setup"
    interactions: ClassVar[tuple[str, ...]] = ("verify", "later")
    fields: ClassVar[tuple[str, ...]] = ("code",)

    image: str
    key: str
    link: str = ""
    account: str = ""
    is_required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Totp(Screen):
    """Where the code of an authenticator app is typed.

    Attributes:
        has_others: There are other factors to choose from (`others`).
        asks_login_id: Nobody has said who they are: a field `email` too.
    """

    name: ClassVar[str] = "totp"
    interactions: ClassVar[tuple[str, ...]] = ("verify", "others", "back")
    fields: ClassVar[tuple[str, ...]] = ("code", "email")

    has_others: bool = False
    asks_login_id: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors(Screen):
    """Which second factor to show.

    Attributes:
        factors: Each is an interaction.
    """

    name: ClassVar[str] = "factors"
    interactions: ClassVar[tuple[str, ...]] = ("totp", "passkey", "password", "email", "sms", "recovery", "back")

    factors: tuple[Factor, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery(Screen):
    """Where a recovery code is typed.

    Attributes:
        asks_login_id: Nobody has said who they are: a field `email` too.
        login_id: Fills that field.
    """

    name: ClassVar[str] = "recovery"
    interactions: ClassVar[tuple[str, ...]] = ("verify", "others", "back")
    fields: ClassVar[tuple[str, ...]] = ("code", "email")

    asks_login_id: bool = False
    login_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodes(Screen):
    """The recovery codes, shown once.

    Attributes:
        codes: Each of them, or, in the official component, its place (`{{recovery.c0}}`), in attributes only.
    """

    name: ClassVar[str] = "recovery-codes"
    interactions: ClassVar[tuple[str, ...]] = ("go",)

    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sso(Screen):
    """At which organisation somebody works: their address tells.

    Attributes:
        login_id: Fills the field.
    """

    name: ClassVar[str] = "sso"
    interactions: ClassVar[tuple[str, ...]] = ("sso", "back")
    fields: ClassVar[tuple[str, ...]] = ("email",)

    login_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving(Screen):
    """The way to another server, where a browser is not led by itself: a link.

    Attributes:
        url: Where to.
        label: Who is there.
    """

    name: ClassVar[str] = "leaving"
    interactions: ClassVar[tuple[str, ...]] = ("submit", "back")

    url: str
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant(Screen):
    """Which tenant the session is to act in (field `tenant`: an id).

    Attributes:
        tenants: Those of the person.
        chosen: The id that is chosen at first, or "".
    """

    name: ClassVar[str] = "tenant"
    interactions: ClassVar[tuple[str, ...]] = ("go",)
    fields: ClassVar[tuple[str, ...]] = ("tenant",)

    tenants: tuple[TenantChoice, ...]
    chosen: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent(Screen):
    """What somebody is asked to agree to.

    Attributes:
        client: Who asks, or "" for the project itself.
        scopes: What they want to know or do, in words.
    """

    name: ClassVar[str] = "consent"
    interactions: ClassVar[tuple[str, ...]] = ("agree", "decline")

    client: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile(Screen):
    """What is known about somebody, for them to change.

    Attributes:
        person: Name, e-mail address and number as they are; an address that changes is proven by a code first.
    """

    name: ClassVar[str] = "profile"
    interactions: ClassVar[tuple[str, ...]] = ("save", "later")
    fields: ClassVar[tuple[str, ...]] = ("name", "givenName", "familyName", "email", "phone")

    person: Mapping[str, str] = field(default_factory=dict)
    asked: tuple[str, ...] = ("name", "email", "phone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Screen):
    """Nothing goes on from here, or only from the start.

    Attributes:
        reason: What happened.
        may_restart: `restart` begins anew.
    """

    name: ClassVar[str] = "error"
    interactions: ClassVar[tuple[str, ...]] = ("restart",)

    reason: Said
    may_restart: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Screen):
    """It is done. Pages show it where there is nowhere to go on to."""

    name: ClassVar[str] = "done"


SCREENS: tuple[type[Screen], ...] = (
    Email,
    Code,
    LinkSent,
    Enchanted,
    ConfirmLink,
    Password,
    NewPassword,
    Reset,
    Passkey,
    PasskeyOffer,
    TotpSetup,
    Totp,
    Factors,
    Recovery,
    RecoveryCodes,
    Sso,
    Leaving,
    Tenant,
    Consent,
    Profile,
    Failed,
    Done,
)
