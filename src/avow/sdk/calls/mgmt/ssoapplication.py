"""Management calls of applications that sign people in, and of those of others."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, TypeVar

from avow.sdk.answers import as_is, ignored
from avow.sdk.calls.call import Call, call, refused, shaped, text_of
from avow.sdk.ssooptions import SAMLIDPAttributeMappingInfo, SAMLIDPGroupsMappingInfo
from avow.sdk.transport import Response
from avow.wire import ssoapplications as wire
from avow.wire import thirdparty
from avow.wire.applicationsecrets import WhichApplication, WhichSecret
from avow.wire.endpoint import Endpoint, Nothing

__all__ = [
    "attributes",
    "batch",
    "changed",
    "cleartext",
    "delete",
    "delete_consents",
    "delete_tenant_consents",
    "groups",
    "load",
    "load_all",
    "made",
    "reveal",
    "revealed",
    "rotate",
    "rotated",
    "search_consents",
]

RequestT = TypeVar("RequestT")


class Secret(TypedDict):
    """A secret in clear text."""

    cleartext: str


_all = as_is(dict[str, Any])
_secret = as_is(Secret)


def made(endpoint: Endpoint[RequestT, Any], values: Mapping[str, object]) -> Call[dict[str, Any]]:
    """Return the call that makes an application."""
    text_of("name", values["name"])
    return call(endpoint, shaped(values, endpoint.request), _all)


def changed(endpoint: Endpoint[RequestT, Any], values: Mapping[str, object]) -> Call[None]:
    """Return the call that changes an application."""
    text_of("id", values["id"])
    return call(endpoint, shaped(values, endpoint.request), ignored, is_repeatable=True)


def delete(endpoint: Endpoint[WhichApplication, Any], id: str) -> Call[None]:
    """Return the call that deletes an application."""
    return call(endpoint, WhichApplication(id=text_of("id", id)), ignored)


def batch(ids: Sequence[str]) -> Call[None]:
    """Return the call that deletes applications of others."""
    if isinstance(ids, str):
        raise refused("ids is a text, not a list of texts.")
    body = shaped({"ids": list(ids)}, thirdparty.ThirdPartyIds)
    return call(thirdparty.DELETE_BATCH, body, ignored)


def load(endpoint: Endpoint[Any, Any], id: str) -> Call[dict[str, Any]]:
    """Return the call for an application."""
    return call(endpoint, shaped({"id": text_of("id", id)}, endpoint.request), _all)


def load_all(endpoint: Endpoint[Nothing, Any]) -> Call[dict[str, Any]]:
    """Return the call for all applications."""
    return call(endpoint, Nothing(), _all)


def revealed(id: str) -> Call[str]:
    """Return the call for the secret of an application, the text alone."""
    return call(wire.SECRET, WhichSecret(id=text_of("id", id)), cleartext)


def rotated(id: str) -> Call[str]:
    """Return the call that gives an application a new secret; its answer is the text alone."""
    return call(wire.ROTATE, WhichApplication(id=text_of("id", id)), cleartext)


def reveal(id: str) -> Call[Secret]:
    """Return the call for the secret of an application of others."""
    return call(thirdparty.SECRET, WhichSecret(id=text_of("id", id)), _secret)


def rotate(id: str) -> Call[Secret]:
    """Return the call that gives an application of others a new secret."""
    return call(thirdparty.ROTATE, WhichApplication(id=text_of("id", id)), _secret)


def cleartext(response: Response) -> str:
    """Return the secret of an answer."""
    return _secret(response)["cleartext"]


def search_consents(values: Mapping[str, object]) -> Call[dict[str, Any]]:
    """Return the call for consents."""
    return call(thirdparty.SEARCH_CONSENTS, shaped(values, thirdparty.SearchConsents), _all, is_repeatable=True)


def delete_consents(values: Mapping[str, object]) -> Call[None]:
    """Return the call that takes consents back."""
    if not any(values.values()):
        raise refused("consent_ids, app_id, user_ids or tenant_id has to be given.")
    body = shaped(values, thirdparty.DeleteConsents)
    return call(thirdparty.DELETE_CONSENTS, body, ignored, is_repeatable=True)


def delete_tenant_consents(tenant_id: str) -> Call[None]:
    """Return the call that takes back what a tenant has allowed."""
    body = thirdparty.DeleteTenantConsents(tenant_id=text_of("tenant_id", tenant_id))
    return call(thirdparty.DELETE_TENANT_CONSENTS, body, ignored, is_repeatable=True)


def attributes(mapping: Sequence[SAMLIDPAttributeMappingInfo] | None) -> list[dict[str, object]]:
    """Return attributes as they are sent."""
    return [{"name": each.name, "type": each.type, "value": each.value} for each in mapping or ()]


def groups(mapping: Sequence[SAMLIDPGroupsMappingInfo] | None) -> list[dict[str, object]]:
    """Return groups as they are sent."""
    return [
        {
            "name": each.name,
            "type": each.type,
            "filterType": each.filter_type,
            "value": each.value,
            "roles": [{"id": role.id, "name": role.name} for role in each.roles],
        }
        for each in mapping or ()
    ]
