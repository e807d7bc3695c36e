"""Login IDs, e-mail addresses and phone numbers as values: what is accepted, and when two spellings are one account.

Two spellings are one account only when they differ in case or in canonically equivalent code points (é composed or
not). Look-alikes are never merged: full-width letters, ligatures, ß and ss, dotless i stay different login IDs, so
nobody reaches another person's account by a compatible spelling. What cannot be seen is refused.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from avow.errors import ERROR_TYPE_INVALID_ARGUMENT, InvalidArgument

__all__ = [
    "DEFAULT_REGION",
    "MAX_LENGTH",
    "Domain",
    "Email",
    "LoginId",
    "Phone",
    "domain",
    "email",
    "is_email",
    "is_phone",
    "login_id",
    "masked_email",
    "masked_phone",
    "phone",
]

# email_validator (47 ms) and phonenumbers (31 ms) are imported where they are used: the SDK and `import avow` must
# not pay for them, and a server that signs nobody in by phone never does.

MAX_LENGTH: Final = 254  # of an e-mail address (RFC 5321 section 4.5.3.1.3), hence of every login ID
DEFAULT_REGION: Final = "US"  # the country of a number written without one, as the contract's examples write them

# Control, surrogate, format (zero-width, bidi), private use, unassigned, line and paragraph separators.
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cs", "Cf", "Co", "Cn", "Zl", "Zp"})
# Blank although their category is a letter, mark or symbol (Default_Ignorable_Code_Point, and the Braille blank).
_BLANK: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_PLAIN: Final = re.compile(r"[!-~]+(?: +[!-~]+)*")
# "=?" begins an encoded word, which mail software decodes: what comes out of it is another address, or a header.
_NOT_IN_ADDRESS: Final = re.compile(r"[\s,;<>\"()\[\]\\]|=\?")
_E164_TYPED: Final = re.compile(r"\+[0-9][0-9 ().\-]{4,30}")
_PHONE_TYPED: Final = re.compile(r"\+?[0-9(][0-9 ().\-/]{2,38}")
_SEPARATORS: Final = str.maketrans("", "", " ().-/")

_FINAL_SIGMA, _SIGMA = "\u03c2", "\u03c3"  # `lower` writes the one or the other by its neighbours

_E164_DIGITS: Final = (7, 15)  # the country code counts; the shorter are emergency and service numbers
_PREFIX_DIGITS: Final = 3  # after the country code: an area or operator, the grain at which toll fraud buys numbers
_FREEPHONE: Final = 800
_NO_COUNTRY: Final = "001"  # how phonenumbers calls country codes of no country: satellites, international premium


@dataclass(frozen=True, slots=True)
class LoginId:
    """What a person signs in with.

    Attributes:
        canonical: The form that is unique in a project and looked up.
        typed: As typed, without the spaces around it; for display.
    """

    canonical: str
    typed: str


@dataclass(frozen=True, slots=True)
class Email:
    """One e-mail address.

    Attributes:
        address: As typed, without the spaces around it; for display.
        folded: Lower case, with the domain in ASCII; for lookup.
        deliverable: The local part as typed, with the domain in ASCII; for the envelope and headers of a message.
    """

    address: str
    folded: str
    deliverable: str


@dataclass(frozen=True, slots=True)
class Domain:
    """One domain of e-mail addresses.

    Attributes:
        folded: Lower case and in ASCII, as in `Email.folded`; for lookup.
        lettered: The same with the letters that it stands for.
    """

    folded: str
    lettered: str


@dataclass(frozen=True, slots=True)
class Phone:
    """One phone number.

    Attributes:
        e164: `+` and at most 15 digits.
        country: Two letters (`US`), or "" when the number belongs to no known range of one country.
        prefix: Country code and the next three digits (`+1212`); what limits of messages count.
        is_costly: Premium, shared-cost, satellite or international network: messages to it cost a multiple.
        is_possible: It has the length of its country; nothing is sent to others.
    """

    e164: str
    country: str
    prefix: str
    is_costly: bool = False
    is_possible: bool = True


def login_id(text: str) -> LoginId:
    """Read a login ID: an e-mail address, a phone number or a name.

    Spaces around it are dropped. Case and canonically equivalent code points are folded, nothing else; of an e-mail
    address the domain is written in ASCII, of a number with its country code the separators are dropped.

    Args:
        text: As the person typed it.

    Raises:
        InvalidArgument: Empty, longer than 254 characters, with characters that cannot be seen or that would turn
            into plain ASCII ones, or shaped like several or broken e-mail addresses.

    Spec: RFC 8265 section 3 (UsernameCaseMapped), without its width mapping and with inner spaces.
    """
    typed = _clean(text, "login ID")
    if "@" in typed:
        return LoginId(_canonical_address(typed), typed)
    if _E164_TYPED.fullmatch(typed):
        return LoginId(typed.translate(_SEPARATORS), typed)
    return LoginId(_bounded(_folded(typed), "login ID"), typed)


def email(text: str) -> Email:
    """Read one e-mail address; no DNS is asked, and domains under `.test` are accepted.

    Args:
        text: One bare address: no display name, no comment, no quoted local part.

    Raises:
        InvalidArgument: It is anything else.

    Spec: RFC 5321 section 4.1.2, RFC 6531 section 3.3 (letters beyond ASCII), RFC 5891 (domains), RFC 6761 (domains
    that receive no mail: refused, but for `.test`).
    """
    import email_validator

    typed = _clean(text, "e-mail address")
    if _NOT_IN_ADDRESS.search(typed):
        raise _invalid("The e-mail address must be one plain address, name@domain.")
    try:
        found = email_validator.validate_email(typed, check_deliverability=False, strict=True, test_environment=True)
    except ValueError as error:
        raise _invalid("The e-mail address is not valid.", detail=str(error)) from error
    local, _, domain = typed.rpartition("@")
    ascii_domain = found.ascii_domain.lower()
    # Domains that only a compatibility mapping (full-width letters, ideographic stops) turns into this one are refused.
    is_same = _folded(domain) in {_folded(found.domain), ascii_domain}
    if "." not in ascii_domain or not is_same:
        raise _invalid("The domain of the e-mail address is not valid.")
    folded = _bounded(f"{_folded(local)}@{ascii_domain}", "e-mail address")
    return Email(typed, folded, f"{local}@{ascii_domain}")


def domain(text: str) -> Domain:
    """Read the domain of e-mail addresses; of what `email` accepts after the @, two spellings are one domain here too.

    Args:
        text: As it was typed.

    Raises:
        InvalidArgument: No address that `email` accepts can have it.
    """
    import email_validator

    try:
        folded = email(f"x@{text.strip(' ')}").folded.rpartition("@")[2]
    except InvalidArgument as error:
        raise _invalid(f"{text[:MAX_LENGTH]!r} is no domain of e-mail addresses.", detail=error.detail) from error
    if "xn--" not in folded:
        return Domain(folded, folded)
    found = email_validator.validate_email(f"x@{folded}", check_deliverability=False, test_environment=True)
    return Domain(folded, _folded(found.domain))


def phone(text: str, default_region: str | None = None) -> Phone:
    """Read one phone number.

    A number need not be in a range known to be assigned (ranges are added faster than libraries follow). One written
    with `+` and country code need not have the length of its country either: directories hold such numbers, and the
    contract's own tests write one. Nothing is sent to it.

    Args:
        text: ASCII digits and separators, with `+` and country code or as written within the default region.
        default_region: Two letters, where a number without country code belongs; `US` when absent.

    Raises:
        InvalidArgument: It is not a number.

    Spec: ITU-T E.164.
    """
    import phonenumbers

    typed = text.strip(" ")
    # The library would also read other scripts' digits, letters on keys and extensions; a number here is digits.
    if not _PHONE_TYPED.fullmatch(typed):
        raise _invalid("The phone number must be digits, best with + and the country code.")
    try:
        number = phonenumbers.parse(typed, default_region or DEFAULT_REGION)
    except phonenumbers.NumberParseException as error:
        raise _invalid("The phone number is not valid.", detail=str(error)) from error
    code = number.country_code or 0
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    is_possible = phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    if not is_possible and not _is_written_in_full(typed, e164):
        raise _invalid("The phone number does not have the length of its country.")
    regions = phonenumbers.region_codes_for_country_code(code)
    region = phonenumbers.region_code_for_number(number) or (regions[0] if len(regions) == 1 else "")
    costly_types = {phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST}
    return Phone(
        e164,
        "" if region == _NO_COUNTRY else region,
        e164[: 1 + len(str(code)) + _PREFIX_DIGITS],
        is_costly=phonenumbers.number_type(number) in costly_types or (_NO_COUNTRY in regions and code != _FREEPHONE),
        is_possible=is_possible,
    )


def is_email(text: str) -> bool:
    """Tell whether text looks like an e-mail address; only `email` decides."""
    local, at, domain = text.strip(" ").partition("@")
    return bool(local and at and "." in domain) and not _NOT_IN_ADDRESS.search(local + domain) and "@" not in domain


def is_phone(text: str) -> bool:
    """Tell whether text looks like a phone number; only `phone` decides."""
    typed = text.strip(" ")
    return bool(_PHONE_TYPED.fullmatch(typed)) and 7 <= len(typed.translate(_SEPARATORS).lstrip("+")) <= 15


def masked_email(address: str) -> str:
    """Return an address with most letters hidden: `d***@e***.com`; the number of stars tells nothing."""
    local, _, domain = address.rpartition("@")
    name, dot, last = domain.rpartition(".")
    return f"{_masked(local)}@{_masked(name)}{dot}{last}" if dot else f"{_masked(local)}@{_masked(domain)}"


def masked_phone(number: str) -> str:
    """Return a number with all but its last two digits hidden: `+*********34`."""
    digits = number.removeprefix("+")
    shown = digits[-2:] if len(digits) > 6 else ""
    return "+" + "*" * (len(digits) - len(shown)) + shown


def _is_written_in_full(typed: str, e164: str) -> bool:
    """Tell whether a number was typed with its country code, and nothing of it was taken for a trunk prefix."""
    least, most = _E164_DIGITS
    return typed.translate(_SEPARATORS) == e164 and least < len(e164) <= most + 1


def _clean(text: str, name: str) -> str:
    """Drop the spaces around text and compose it; refuse what cannot be seen."""
    typed = text.strip(" ")
    if not typed:
        raise _invalid(f"The {name} is empty.")
    _bounded(typed, name)
    if _PLAIN.fullmatch(typed):
        return typed
    if _BLANK.search(typed) or any(_is_refused(character) for character in typed):
        raise _invalid(f"The {name} contains a character that cannot be seen or is not allowed.")
    return _bounded(unicodedata.normalize("NFC", typed), name)


def _is_refused(character: str) -> bool:
    if character.isascii():
        return not character.isprintable()
    category = unicodedata.category(character)
    # A few characters are equivalent to ASCII ones (the Kelvin sign to K): they could only imitate.
    return category in _REFUSED_CATEGORIES or category == "Zs" or unicodedata.normalize("NFC", character).isascii()


def _folded(text: str) -> str:
    """Return text in lower case. Not `casefold`, which would merge ß with ss and ligatures with their letters."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower().replace(_FINAL_SIGMA, _SIGMA))


def _canonical_address(typed: str) -> str:
    """Return the canonical form of a login ID with an `@`, equal to `email(typed).folded` where that is valid."""
    local, _, domain = typed.rpartition("@")
    if _NOT_IN_ADDRESS.search(typed) or "@" in local or not domain or domain.endswith("."):
        raise _invalid("A login ID with @ must be one plain e-mail address, name@domain.")
    folded = _folded(typed)
    if not folded.rpartition("@")[2].isascii() or "xn--" in folded:
        return email(typed).folded
    return _bounded(folded, "login ID")


def _bounded(text: str, name: str) -> str:
    if len(text) > MAX_LENGTH:
        raise _invalid(f"The {name} is longer than {MAX_LENGTH} characters.")
    return text


def _masked(text: str) -> str:
    return text[:1] + "***" if len(text) > 1 else "***"


def _invalid(message: str, detail: str = "") -> InvalidArgument:
    return InvalidArgument(error_type=ERROR_TYPE_INVALID_ARGUMENT, error_message=message, detail=detail)
