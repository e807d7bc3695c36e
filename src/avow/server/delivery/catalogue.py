"""The built-in words of messages, one file of texts for each language, and the choice of a language."""

import re
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from avow import shaping

__all__ = ["DEFAULT", "LANGUAGES", "Texts", "Words", "fill", "one_line", "preferences", "texts"]

DEFAULT = "en"
_FOLDER = Path(__file__).with_name("texts")
LANGUAGES = frozenset(path.stem for path in _FOLDER.glob("*.json"))

# Nobody reads more than a few languages; what is longer is noise or an attack, and is not looked at.
_HEADER_LENGTH = 512
_CHOICES = 10
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{1,8}){0,3}")
_FIELD = re.compile(r"\{([a-z]+)\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


class Words(msgspec.Struct, frozen=True):
    """The words of one message: its heading (and subject), one sentence, and the text of its button."""

    heading: str
    lead: str
    button: str = ""


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that messages say in one language; `{name}` marks where a value goes."""

    direction: Literal["ltr", "rtl"]
    voice: str
    minutes: str
    hours: str
    asked: str
    ignore: str
    alarm: str
    keep: str
    paste: str
    device: str
    messages: dict[str, Words]


@cache
def texts(language: str) -> Texts:
    """Return the texts of one of `LANGUAGES`."""
    if language not in LANGUAGES:
        raise LookupError(language)
    return shaping.decode((_FOLDER / f"{language}.json").read_bytes(), Texts)


def preferences(accept: str) -> tuple[str, ...]:
    """Return the languages of an Accept-Language header or a locale, the most wanted first.

    Reads at most 512 characters and keeps at most ten languages; what is malformed is skipped.

    Spec: RFC 9110 section 12.5.4.
    """
    ranked: list[tuple[float, str]] = []
    for item in accept[:_HEADER_LENGTH].split(","):
        tag, _, quality = item.partition(";")
        found = _LANGUAGE.fullmatch(tag.strip())
        if found and (weight := _weight(quality)) > 0:
            ranked.append((-weight, found[1].lower()))
    ranked.sort(key=lambda entry: entry[0])
    return tuple(dict.fromkeys(language for _, language in ranked))[:_CHOICES]


def fill(text: str, **values: str) -> str:
    """Put values into the `{name}` marks of one of our texts; a value is never searched for marks."""
    return _FIELD.sub(lambda mark: values.get(mark[1], mark[0]), text)


def one_line(text: str) -> str:
    """Return the text without line breaks, control characters, ANSI escapes and direction overrides."""
    return _CONTROL.sub(" ", text).strip()


def _weight(quality: str) -> float:
    name, _, value = quality.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
