"""What the provider has to know of the application and its API: here said to an Avow, by its management key."""

from dataclasses import dataclass, field

from avow import Client
from examples.avow_dev import Dev
from examples.django_oidc.api import PERMISSION

__all__ = ["AUDIENCE", "ROLE", "Registered", "register"]

AUDIENCE = "https://hello-world.example.com"
ROLE = "messages-admin"
_CLIENT_ID = "hello-django"


@dataclass(frozen=True, slots=True)
class Registered:
    """What the application is told by whoever registers it.

    Attributes:
        issuer: The provider, as it calls itself.
        client_id: The application there.
        client_secret: The secret that goes with it.
        audience: The API there.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    audience: str


def register(avow: Dev, url: str) -> Registered:
    """Register the API, a role that may read its admin messages, and the application at `url`.

    What an earlier start has left is brought up to date; the application gets a new secret each time, so that nothing
    has to keep it.
    """
    with Client(avow.project_id, management_key=avow.management_key, base_url=avow.url) as client:
        manage = client.mgmt
        if AUDIENCE not in [api["identifier"] for api in manage.api.list()["apis"]]:
            told = {PERMISSION: "Read what only administrators may"}
            manage.api.create(AUDIENCE, name="Hello World API", permissions=told, rbac=True)
        if PERMISSION not in [each["name"] for each in manage.permission.load_all()["permissions"]]:
            manage.permission.create(PERMISSION)
        if ROLE not in [role["name"] for role in manage.role.load_all()["roles"]]:
            manage.role.create(ROLE, permission_names=[PERMISSION])
        places = {"redirectUris": [f"{url}/callback"], "logoutUris": [url], "webOrigins": [url]}
        if _CLIENT_ID in [each["id"] for each in manage.app.list()["applications"]]:
            manage.app.update(_CLIENT_ID, settings=places)
            secret = manage.app.rotate_secret(_CLIENT_ID, overlap_seconds=0)["secret"]
        else:
            secret = manage.app.create("Hello Django", id=_CLIENT_ID, settings=places)["secret"]
    return Registered(f"{avow.url}/", _CLIENT_ID, secret, AUDIENCE)
