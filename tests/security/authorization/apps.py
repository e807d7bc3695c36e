"""Applications of the OpenID provider, as objects that another project must not reach."""

from tests.security.place import Place
from tests.server.oidc.relying import make_app

__all__ = ["APP_CALLS", "made_app"]

_PATH = "/v1/mgmt/avow/app"
APP_CALLS: tuple[tuple[str, str, str, object], ...] = (
    ("read", "GET", f"{_PATH}?id={{id}}", None),
    ("update", "POST", f"{_PATH}/update", {"id": "{id}", "name": "x"}),
    ("rotate", "POST", f"{_PATH}/rotate-secret", {"id": "{id}"}),
    ("delete", "POST", f"{_PATH}/delete", {"id": "{id}"}),
)


def made_app(place: Place) -> str:
    """Make an application; return its id."""
    return make_app(place.avow).id
