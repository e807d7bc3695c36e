"""Names for what Django leaves open: which user model a project has, what a view takes and answers."""

from typing import Any, TypeAlias

__all__ = ["Anything", "User", "View"]

User: TypeAlias = Any
"""A row of the project's user model, as `AvowUser`, or an `AnonymousUser`."""

View: TypeAlias = Any
"""A view: a function or a class of Django, DRF or Ninja, plain or asynchronous."""

Anything: TypeAlias = Any
"""What somebody else's code takes and gives back."""
