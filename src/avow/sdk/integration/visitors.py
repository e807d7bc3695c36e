"""Whose a visitor's session of the framework is: what one person left in it is shown to nobody else. No I/O in it."""

from collections.abc import MutableMapping
from typing import Any, Final

__all__ = ["hand_over"]

_OWNER: Final = "_avow_user"


def hand_over(held: MutableMapping[str, Any], user_id: str) -> None:
    """Empty a session unless it is this person's, or that of a visitor who had not signed in; note whose it is now.

    Whose it was does not depend on tokens: those of the person before may have ended, or be gone.
    """
    if held.get(_OWNER, user_id) != user_id:
        held.clear()
    held[_OWNER] = user_id
