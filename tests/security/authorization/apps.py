"""Applications of the OpenID provider, as objects that another project must not reach."""

from collections.abc import Callable

from avow.server.applications import consents
from avow.server.applications.consents import Wanted
from tests.factories import make_user, new_email
from tests.security.place import Place
from tests.server.oidc.relying import make_api, make_app

__all__ = ["KINDS"]

_PATH, _SSO, _OTHERS = "/v1/mgmt/avow/app", "/v1/mgmt/sso/idp/app", "/v1/mgmt/thirdparty"
_APP_CALLS: tuple[tuple[str, str, str, object], ...] = (
    ("read", "GET", f"{_PATH}?id={{id}}", None),
    ("update", "POST", f"{_PATH}/update", {"id": "{id}", "name": "x"}),
    ("rotate", "POST", f"{_PATH}/rotate-secret", {"id": "{id}"}),
    ("read by the contract", "GET", f"{_SSO}/load?id={{id}}", None),
    ("secret", "GET", f"{_SSO}/secret?id={{id}}", None),
    ("secret added", "POST", f"{_SSO}/secret/add", {"id": "{id}", "name": "ci"}),
    ("update by the contract", "POST", f"{_SSO}/oidc/update", {"id": "{id}", "name": "x", "loginPageUrl": ""}),
    ("rotate by the contract", "POST", f"{_SSO}/rotate", {"id": "{id}"}),
    ("delete by the contract", "POST", f"{_SSO}/delete", {"id": "{id}"}),
    ("delete", "POST", f"{_PATH}/delete", {"id": "{id}"}),
)
_API = "/v1/mgmt/avow/api"
_API_CALLS: tuple[tuple[str, str, str, object], ...] = (
    ("read", "GET", f"{_API}?id={{id}}", None),
    ("update", "POST", f"{_API}/update", {"id": "{id}", "name": "x"}),
    ("grant", "POST", f"{_PATH}/grant", {"id": "{id}", "audience": "{id}", "scopes": []}),
    ("delete", "POST", f"{_API}/delete", {"id": "{id}"}),
)
_THIRD_PARTY_CALLS: tuple[tuple[str, str, str, object], ...] = (
    ("read", "GET", f"{_OTHERS}/app/load?id={{id}}", None),
    ("secret", "GET", f"{_OTHERS}/app/secret?id={{id}}", None),
    ("update", "POST", f"{_OTHERS}/app/patch", {"id": "{id}", "name": "x"}),
    ("rotate", "POST", f"{_OTHERS}/app/rotate", {"id": "{id}"}),
    ("delete", "POST", f"{_OTHERS}/app/delete/batch", {"ids": ["{id}"]}),
)
_CONSENT_CALLS: tuple[tuple[str, str, str, object], ...] = (
    ("read", "POST", f"{_OTHERS}/consents/search", {"consentId": "{id}"}),
    ("delete", "POST", f"{_OTHERS}/consents/delete", {"consentIds": ["{id}"]}),
)


def _made_app(place: Place) -> str:
    """Make an application; return its id."""
    return make_app(place.avow).id


def _made_api(place: Place) -> str:
    """Make an API; return its identifier."""
    return make_api(place.avow, "read:messages")


def _made_third_party(place: Place) -> str:
    """Make an application of others; return its id."""
    body = {"name": "Books", "loginPageUrl": ""}
    return str(place.api.post(f"{_OTHERS}/app/create", place.avow.management_key, body).body["id"])


def _made_consent(place: Place) -> str:
    """Let somebody allow an application something; return the id of the consent."""
    app, user_id = _made_third_party(place), make_user(place.avow, new_email())
    place.avow.run(lambda tx: consents.add(tx, app, user_id, {"": ["openid"]}))
    (found,) = place.avow.run(lambda tx: consents.search(tx, Wanted(application_id=app), 2))
    return found.id


KINDS: tuple[tuple[str, Callable[[Place], str], tuple[tuple[str, str, str, object], ...]], ...] = (
    ("OIDC app", _made_app, _APP_CALLS),
    ("API", _made_api, _API_CALLS),
    ("application of others", _made_third_party, _THIRD_PARTY_CALLS),
    ("consent", _made_consent, _CONSENT_CALLS),
)
