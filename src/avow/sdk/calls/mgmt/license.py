"""Management call of the licence."""

from typing import Any

from avow.sdk.answers import as_is
from avow.sdk.calls.call import Call, call
from avow.wire import projects
from avow.wire.endpoint import Nothing

__all__ = ["get"]

_license = as_is(dict[str, Any])


def get() -> Call[dict[str, Any]]:
    """Return the call for the licence."""
    return call(projects.LICENSE, Nothing(), _license)
