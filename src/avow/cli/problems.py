"""What goes wrong on the command line: one sentence on standard error and an exit code, never a traceback."""

import sys
from collections.abc import Generator
from contextlib import contextmanager

from avow.cli.output import plain
from avow.errors import AvowError
from avow.server.settings import SettingsRefused
from avow.server.store import StoreRefused

__all__ = ["CannotStart", "told"]

_FAILED = 1
_MISUSED = 2


class CannotStart(Exception):
    """The command cannot do its work in this place or with these settings; the text says what to do."""


@contextmanager
def told() -> Generator[None]:
    """Turn the refusals of a block into sentences.

    Exits with 2 when the settings, the data or the arguments are not such that the command could begin, and with 1
    when it began and was refused.
    """
    try:
        yield
    except (SettingsRefused, StoreRefused, CannotStart) as refused:
        _say(str(refused))
        raise SystemExit(_MISUSED) from None
    except UnicodeEncodeError:
        _say("An argument is not text in UTF-8, or this terminal cannot show an answer; set LANG=C.UTF-8.")
        raise SystemExit(_MISUSED) from None
    except AvowError as error:
        _say(getattr(error, "error_message", "") or str(error))
        if error.detail:
            _say(f"({error.detail})")
        raise SystemExit(_FAILED) from None


def _say(text: str) -> None:
    print("\n".join(f"avow: {plain(line)}" for line in text.splitlines()), file=sys.stderr)
