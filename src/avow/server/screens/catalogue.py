"""The words of screens and pages, one file for each language, and how values are put into them."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
from markupsafe import Markup, escape

from avow import shaping
from avow.server.delivery.catalogue import DEFAULT, preferences

__all__ = ["LANGUAGES", "Catalogue", "catalogue_for", "catalogue_of"]

_FOLDER = Path(__file__).with_name("texts")
LANGUAGES = frozenset(path.stem for path in _FOLDER.glob("*.json"))
_FIELD = re.compile(r"\{([a-z_]+)\}")


class Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that is said in one language; `{name}` marks where a value goes.

    Attributes:
        language: Its code.
        direction: In which it is written.
        words: Of the screens of flows.
        pages: Of Avow's own pages around them.
    """

    language: str
    direction: Literal["ltr", "rtl"]
    words: dict[str, str]
    pages: dict[str, str] = {}

    def say(self, key: str, values: Mapping[str, object] | None = None) -> Markup:
        """Return a text with its values, all of them escaped and kept apart from the direction of the text.

        Raises:
            KeyError: There is no such text.
        """
        given = values or {}

        def value(mark: re.Match[str]) -> str:
            return Markup("<bdi>{}</bdi>").format(given[mark[1]])

        return Markup(_FIELD.sub(value, str(escape(self.words[key]))))  # noqa: S704 - text and values are escaped

    def plain(self, key: str, values: Mapping[str, object] | None = None) -> str:
        """Return a text with its values as plain text: for what a script puts into a page, and for attributes."""
        given = values or {}
        return _FIELD.sub(lambda mark: str(given[mark[1]]), self.words[key])


def catalogue_for(locale: str) -> Catalogue:
    """Return the texts in the best language there is for a reader.

    Args:
        locale: A language (`pt-BR`), or several as `Accept-Language` lists them.
    """
    wanted = (language for language in preferences(locale) if language in LANGUAGES)
    return catalogue_of(next(wanted, DEFAULT))


@cache
def catalogue_of(language: str) -> Catalogue:
    """Return the texts of one of `LANGUAGES`."""
    if language not in LANGUAGES:
        raise LookupError(language)
    return shaping.decode((_FOLDER / f"{language}.json").read_bytes(), Catalogue)
