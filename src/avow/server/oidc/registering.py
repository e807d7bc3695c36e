"""Applications that register themselves, where a project allows it: made, read, changed and deleted by themselves.

Nothing about who may change one is stored: its token is a MAC of its id. Spec: RFC 7591; RFC 7592.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import msgspec

from avow import shaping
from avow.clock import Clock
from avow.core.networks import subscriber
from avow.core.oidc import registration
from avow.core.oidc.registration import RegistrationFault
from avow.core.tokens.encoding import from_base64url, to_base64url
from avow.core.vault import Vault
from avow.errors import FetchFailed, NotFound, OAuthRefused, RateLimitException
from avow.server.applications import actions as applications
from avow.server.applications import registered
from avow.server.applications.actions import ApplicationRow, HeldApplication
from avow.server.oidc import grants
from avow.server.oidc.issuers import address, issuer_of
from avow.server.outgoing import Document
from avow.server.serving import Answer, Call, Client, Steps, count, obtain, read, write
from avow.server.store import Tx
from avow.wire.applications import ApplicationSettings
from avow.wire.endpoint import Nothing
from avow.wire.oidc import ClientMetadata, given

__all__ = ["Registry"]

PATH = "/oidc/register"
_CREATED, _NO_CONTENT = 201, 204
_MAC = "oidc-registration"
_MOST_OF_ADDRESS = 20  # in ten minutes
_MOST_OF_PROJECT = 500
_WINDOW_SECONDS = 600
_ACTOR = "registration"
_MOST_IN_STEP = 1000  # consents, and grants
_SECTOR_BYTES = 65_536

Metadata = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What an application says of itself.

    Attributes:
        said: As it came.
        is_open: Development: http is good for every host.
    """

    said: Metadata
    is_open: bool

    def over(self, held: ApplicationSettings | None) -> tuple[ApplicationSettings, str, str]:
        """Return settings, name and logo that come of it, over the settings until now.

        Raises:
            OAuthRefused: `invalid_redirect_uri` or `invalid_client_metadata`.
        """
        try:
            settings = registration.settings_of(self.said, is_open=self.is_open, held=held)
            return settings, registration.name_of(self.said), registration.picture_of(self.said)
        except RegistrationFault as fault:
            raise OAuthRefused(error=fault.error, error_message=str(fault)) from fault


class Registry:
    """Answers `/oidc/register` on one server."""

    def __init__(self, vault: Vault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock

    def register(self, call: Call[ClientMetadata]) -> Steps[Answer]:
        """Make an application that nobody trusts yet. Spec: RFC 7591 section 3."""
        yield from self._counted(call)
        wanted = yield from _wanted(call)
        held, secret = yield from write(_made, wanted, call.client)
        own = {"registration_access_token": self._token(call, held.id), **_told(secret)}
        return Answer(self._shown(call, held, own), _CREATED)

    def look(self, call: Call[Nothing]) -> Steps[Answer]:
        """Tell an application what is registered of it. Spec: RFC 7592 section 2.1."""
        held = yield from read(applications.find, self._proven(call))
        return Answer(self._shown(call, _there(held), {}))

    def change(self, call: Call[ClientMetadata]) -> Steps[Answer]:
        """Put what an application says of itself in the place of what it said before.

        What management has set besides stays. Where it adds an address it is trusted no more, what it was granted ends,
        and people are asked again: whoever agreed did so to the addresses before. As registration itself it has to be
        allowed.

        Spec: RFC 7592 section 2.2.
        """
        client_id = self._proven(call)
        yield from self._counted(call)
        if tuple(given(call.body).get("client_id", (client_id,))) != (client_id,):
            raise OAuthRefused(error="invalid_client_metadata", error_message="client_id is another one.")
        wanted = yield from _wanted(call)
        # In steps: many may have allowed it. Who repeats a call that did not end goes on with it.
        while (changed := (yield from write(_changed, client_id, wanted, call.client))) is None:
            pass
        held, secret = changed
        return Answer(self._shown(call, held, _told(secret)))

    def delete(self, call: Call[Nothing]) -> Steps[Answer]:
        """Delete an application, as it asks. Spec: RFC 7592 section 2.3."""
        yield from write(_deleted, self._proven(call), call.client)
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
        """Count a registration, or a change of one: each is a row, and anybody can make them.

        Raises:
            OAuthRefused: The project takes none.
            RateLimitException: There were too many.
        """
        if not call.project.settings.allows_registration:
            raise OAuthRefused(403, error="access_denied", error_message="Nobody registers here by themselves.")
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


def _wanted(call: Call[ClientMetadata]) -> Steps[_Wanted]:
    """Return what an application says of itself, which can be.

    Raises:
        OAuthRefused: `invalid_redirect_uri` or `invalid_client_metadata`.
    """
    wanted = _Wanted(given(call.body), is_open=call.project.is_open)
    settings, _, _ = wanted.over(None)
    sector = next(iter(wanted.said.get("sector_identifier_uri", ())), "")
    if sector:
        yield from _require_sector(sector, settings.redirect_uris)
    return wanted


def _told(secret: str) -> dict[str, object]:
    """Return what an application is told of a new secret, which is shown this once; "" for none."""
    return {"client_secret": secret, "client_secret_expires_at": 0} if secret else {}


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
    return shaping.decode(body, tuple[str, ...])


def _refuse() -> NoReturn:
    raise OAuthRefused(
        401, error="invalid_token", error_message="The registration token is not valid.", challenge="Bearer"
    )


# --- Units ---------------------------------------------------------------------------------------------------------


def _made(tx: Tx, wanted: _Wanted, caller: Client) -> tuple[HeldApplication, str]:
    settings, name, logo = wanted.over(None)
    if registered.count(tx) >= registered.MOST:
        text = (
            "The project takes no more applications that register themselves: ask whoever runs it to delete or trust "
            "some, or to make this one."
        )
        raise OAuthRefused(403, error="access_denied", error_message=text)
    row = ApplicationRow(
        id=registered.new_id(tx.now),
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
    applications.insert(tx, row, actor=_ACTOR, caller=caller, registers_itself=True)
    secret = applications.add_secret(tx, row.id) if _has_secret(settings) else ""
    return applications.get(tx, row.id), secret


def _changed(tx: Tx, client_id: str, wanted: _Wanted, caller: Client) -> tuple[HeldApplication, str] | None:
    """Change an application; None when more was granted to it than ends in one unit, and nothing is changed yet."""
    held = _locked(tx, client_id)
    before = applications.settings_of(held.row)
    settings, name, logo = wanted.over(before)
    row = msgspec.structs.replace(held.row, name=name, logo=logo, settings=msgspec.json.encode(settings).decode())
    if not set(_addresses(settings)) <= set(_addresses(before)):
        row = msgspec.structs.replace(row, is_trusted=0)
        if not grants.withdraw_all(tx, client_id, _MOST_IN_STEP, actor=_ACTOR):
            return None
    applications.save(tx, row, actor=_ACTOR, caller=caller)
    secret = applications.add_secret(tx, client_id) if _has_secret(settings) and not held.secrets else ""
    return applications.get(tx, client_id), secret


def _deleted(tx: Tx, client_id: str, caller: Client) -> None:
    applications.delete(tx, _locked(tx, client_id).id, actor=_ACTOR, caller=caller)


def _locked(tx: Tx, client_id: str) -> HeldApplication:
    """Return an application that changes itself, which nobody else changes until the unit ends."""
    try:
        return _there(applications.lock(tx, client_id))
    except NotFound:
        _refuse()


def _there(held: HeldApplication | None) -> HeldApplication:
    """Return an application that there is; one that was deleted, or switched off, is told nothing and does nothing."""
    if held is None or not held.row.is_enabled or held.row.kind != applications.OIDC:
        _refuse()
    return held


def _has_secret(settings: ApplicationSettings) -> bool:
    return bool({"client_secret_basic", "client_secret_post"} & set(settings.auth_methods))


def _addresses(settings: ApplicationSettings) -> tuple[str, ...]:
    """Return where browsers are sent, with answers or without."""
    return (*settings.redirect_uris, *settings.logout_uris, settings.initiate_login_uri)
