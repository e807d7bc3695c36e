"""Applications that register themselves, where a project allows it: made, read, changed and deleted by themselves.

Nothing about who may change one is stored: its token is a MAC of its id. Spec: RFC 7591; RFC 7592.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import msgspec

from avow.clock import Clock
from avow.core import ids
from avow.core.networks import subscriber
from avow.core.oidc import registration
from avow.core.oidc.registration import RegistrationFault
from avow.core.tokens.encoding import from_base64url, to_base64url
from avow.core.vault import Vault
from avow.errors import FetchFailed, NotFound, OAuthRefused, RateLimitException
from avow.server.applications import actions as applications
from avow.server.applications.actions import ApplicationRow, HeldApplication
from avow.server.oidc.issuers import address, issuer_of
from avow.server.outgoing import Document
from avow.server.serving import Answer, Call, Steps, count, obtain, read, write
from avow.server.store import Tx
from avow.wire.applications import ApplicationSettings
from avow.wire.endpoint import Nothing
from avow.wire.oidc import ClientMetadata, given

__all__ = ["Registry"]

PATH = "/oidc/register"
_CREATED, _NO_CONTENT = 201, 204
_PREFIX = "N"
_MAC = "oidc-registration"
_MOST_OF_ADDRESS = 20  # in ten minutes
_MOST_OF_PROJECT = 500
_WINDOW_SECONDS = 600
_ACTOR = "registration"
_SECTOR_BYTES = 65_536

Metadata = Mapping[str, Sequence[str]]


class Registry:
    """Answers `/oidc/register` on one server."""

    def __init__(self, vault: Vault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock

    def register(self, call: Call[ClientMetadata]) -> Steps[Answer]:
        """Make an application that nobody trusts yet. Spec: RFC 7591 section 3."""
        if not call.project.settings.allows_registration:
            raise OAuthRefused(403, error="access_denied", error_message="Nobody registers here by themselves.")
        yield from self._counted(call)
        said = given(call.body)
        settings, logo = yield from _settings(call, said)
        held, secret = yield from write(_made, registration.name_of(said), logo, settings)
        own: dict[str, object] = {"registration_access_token": self._token(call, held.id)}
        if secret:
            own |= {"client_secret": secret, "client_secret_expires_at": 0}
        return Answer(self._shown(call, held, own), _CREATED)

    def look(self, call: Call[Nothing]) -> Steps[Answer]:
        """Tell an application what is registered of it. Spec: RFC 7592 section 2.1."""
        held = yield from read(applications.find, self._proven(call))
        return Answer(self._shown(call, self._there(held), {}))

    def change(self, call: Call[ClientMetadata]) -> Steps[Answer]:
        """Put what an application says of itself in the place of what it said before. Spec: RFC 7592 section 2.2."""
        client_id, said = self._proven(call), given(call.body)
        if tuple(said.get("client_id", (client_id,))) != (client_id,):
            raise OAuthRefused(error="invalid_client_metadata", error_message="client_id is another one.")
        settings, logo = yield from _settings(call, said)
        held = yield from write(_changed, client_id, registration.name_of(said), logo, settings)
        return Answer(self._shown(call, self._there(held), {}))

    def delete(self, call: Call[Nothing]) -> Steps[Answer]:
        """Delete an application, as it asks. Spec: RFC 7592 section 2.3."""
        yield from write(_deleted, self._proven(call))
        return Answer(b"", _NO_CONTENT)

    # --- Parts ---

    def _token(self, call: Call[Any], client_id: str) -> str:
        return to_base64url(self._vault.mac(_MAC, call.project.id, client_id))

    def _proven(self, call: Call[Any]) -> str:
        """Return the application whose token came.

        Raises:
            OAuthRefused: None came, or another's: `invalid_token`.
        """
        client_id = call.path["clientId"]
        scheme, _, token = call.shown.authorization.partition(" ")
        try:
            mac = from_base64url(token.encode()) if scheme.lower() == "bearer" else b""
        except ValueError:
            mac = b""
        if not mac or not self._vault.is_mac(mac, _MAC, call.project.id, client_id):
            _refuse()
        return client_id

    def _there(self, held: HeldApplication | None) -> HeldApplication:
        """Return an application that there is; one that was deleted, or switched off, is told nothing."""
        if held is None or not held.row.is_enabled or held.row.kind not in applications.OAUTH_KINDS:
            _refuse()
        return held

    def _shown(self, call: Call[Any], held: HeldApplication, own: Mapping[str, object]) -> dict[str, object]:
        said = registration.metadata_of(applications.settings_of(held.row), held.row.name, held.row.logo)
        return {
            "client_id": held.id,
            "client_id_issued_at": held.row.created_at,
            "registration_client_uri": address(issuer_of(call), f"{PATH}/{held.id}"),
            **own,
            **said,
        }

    def _counted(self, call: Call[Any]) -> Steps[None]:
        """Count a registration: each is a row, and anybody can make them.

        Raises:
            RateLimitException: There were too many.
        """
        now = self._clock()
        window = now // _WINDOW_SECONDS
        ends_at = (window + 1) * _WINDOW_SECONDS
        project_id = call.project.id
        of_address, of_project = yield from count(
            (f"registrations:{project_id}:{subscriber(call.client.address)}:{window}", ends_at),
            (f"registrations:{project_id}:{window}", ends_at),
        )
        if of_address > _MOST_OF_ADDRESS or of_project > _MOST_OF_PROJECT:
            raise RateLimitException(retry_after_seconds=ends_at - now)


def _settings(call: Call[Any], said: Metadata) -> Steps[tuple[ApplicationSettings, str]]:
    """Return settings and logo of what an application says.

    Raises:
        OAuthRefused: `invalid_redirect_uri` or `invalid_client_metadata`.
    """
    try:
        settings = registration.settings_of(said, is_open=call.project.is_open)
        logo = registration.picture_of(said)
    except RegistrationFault as fault:
        raise OAuthRefused(error=fault.error, error_message=str(fault)) from fault
    sector = next(iter(said.get("sector_identifier_uri", ())), "")
    if sector:
        yield from _require_sector(sector, settings.redirect_uris)
    return settings, logo


def _require_sector(url: str, redirect_uris: Sequence[str]) -> Steps[None]:
    """Refuse addresses that the document of their sector does not name.

    Spec: OpenID Connect Dynamic Client Registration 1.0 section 5.
    """
    listed: tuple[str, ...] = ()
    if url.startswith("https://"):
        document = Document(url, "sector", _read_sector, most_bytes=_SECTOR_BYTES, fresh_seconds=0, stale_seconds=0)
        try:
            listed = yield from obtain(document)
        except FetchFailed:
            listed = ()
    if not listed or not set(redirect_uris) <= set(listed):
        text = "sector_identifier_uri does not name every redirect_uri, or cannot be fetched."
        raise OAuthRefused(error="invalid_client_metadata", error_message=text)


def _read_sector(body: bytes) -> tuple[str, ...]:
    return msgspec.json.decode(body, type=tuple[str, ...])


def _refuse() -> NoReturn:
    raise OAuthRefused(
        401, error="invalid_token", error_message="The registration token is not valid.", challenge="Bearer"
    )


# --- Units ---------------------------------------------------------------------------------------------------------


def _made(tx: Tx, name: str, logo: str, settings: ApplicationSettings) -> tuple[HeldApplication, str]:
    row = ApplicationRow(
        id=ids.directory_id(_PREFIX, tx.now),
        kind=applications.OIDC,
        name=name,
        description="",
        logo=logo,
        is_enabled=1,
        is_trusted=0,
        login_page_url="",
        force_authentication=0,
        settings=msgspec.json.encode(settings).decode(),
        created_at=tx.now,
        updated_at=tx.now,
    )
    applications.insert(tx, row, actor=_ACTOR)
    has_secret = bool({"client_secret_basic", "client_secret_post"} & set(settings.auth_methods))
    secret = applications.add_secret(tx, row.id) if has_secret else ""
    return applications.get(tx, row.id), secret


def _changed(tx: Tx, client_id: str, name: str, logo: str, settings: ApplicationSettings) -> HeldApplication | None:
    held = applications.find(tx, client_id)
    if held is None:
        return None
    row = applications.lock(tx, client_id).row
    encoded = msgspec.json.encode(settings).decode()
    applications.save(tx, msgspec.structs.replace(row, name=name, logo=logo, settings=encoded), actor=_ACTOR)
    return applications.get(tx, client_id)


def _deleted(tx: Tx, client_id: str) -> None:
    try:
        applications.delete(tx, client_id, actor=_ACTOR)
    except NotFound:
        _refuse()
