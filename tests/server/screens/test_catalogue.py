"""The texts of the screens: complete in every language, with the same places for values, and all in use."""

import re
from collections import Counter
from pathlib import Path

import pytest

from avow.server.delivery import catalogue as messages
from avow.server.screens import SCREENS, rendering
from avow.server.screens.catalogue import LANGUAGES, catalogue_for, catalogue_of

ENGLISH = catalogue_of("en").words
FROM_THE_RIGHT = {"ar", "he"}
_SERVER = Path(rendering.__file__).parent.parent
# Keys that templates put together; what follows is the name of a way, factor, field, purpose or rule.
_BUILT = ("email.title.", "new-password.title.", "way.main.", "way.", "factor.", "field.", "new-password.", "strength.")


def marks(text: str) -> Counter[str]:
    return Counter(re.findall(r"\{\w*\}", text))


def sources() -> str:
    folders = (_SERVER / "screens", _SERVER / "flows", _SERVER / "pages")
    found = [path for folder in folders for kind in ("*.py", "*.html") for path in folder.rglob(kind)]
    return "".join(path.read_text() for path in found)


def test_twelve_languages_are_spoken() -> None:
    assert {"en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "ja", "ar", "he"} == LANGUAGES


def test_messages_speak_every_language_that_screens_speak() -> None:
    assert messages.LANGUAGES >= LANGUAGES


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_has_every_text_with_its_places(language: str) -> None:
    catalogue = catalogue_of(language)
    assert catalogue.language == language
    assert catalogue.direction == ("rtl" if language in FROM_THE_RIGHT else "ltr")
    assert list(catalogue.words) == list(ENGLISH)
    for key, text in ENGLISH.items():
        said = catalogue.words[key]
        assert marks(said) == marks(text), key
        assert said.strip() == said != "", key
        assert not re.search(r"[<>&]", said), key


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_pages_say_everything_with_its_places(language: str) -> None:
    english, pages = catalogue_of("en").pages, catalogue_of(language).pages
    assert set(pages) == set(english)
    for key, said in pages.items():
        assert marks(said) == marks(english[key]), key
        assert said.strip() == said != "", key


@pytest.mark.parametrize("language", sorted(LANGUAGES - {"en"}))
def test_hardly_a_text_is_left_in_english(language: str) -> None:
    same = [key for key, text in ENGLISH.items() if catalogue_of(language).words[key] == text and text.count(" ") > 1]
    assert same == []


def test_every_text_is_used() -> None:
    said = sources()
    built = {f"{screen.name}.title" for screen in SCREENS}
    unused = [key for key in ENGLISH if f'"{key}"' not in said and key not in built and not _is_built(key, said)]
    assert unused == []


def _is_built(key: str, said: str) -> bool:
    return any(key.startswith(begin) and f'"{begin}" ~' in said for begin in _BUILT) or _is_named(key, said)


def _is_named(key: str, said: str) -> bool:
    """Tell whether a key is put together in Python (`f"email.title.{...}"`)."""
    return any(key.startswith(begin) and f'f"{begin}{{' in said for begin in _BUILT)


@pytest.mark.parametrize(
    ("accept", "language"),
    [("de-AT,de;q=0.9,en;q=0.5", "de"), ("tlh, fr;q=0.3", "fr"), ("", "en"), ("pt-BR", "pt"), ("he-IL", "he")],
)
def test_screen_speaks_the_best_language_there_is(accept: str, language: str) -> None:
    assert catalogue_for(accept).language == language
