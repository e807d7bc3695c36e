"""Devices that wait for their person: codes made, answered by somebody who is signed in, and polled for.

Spec: RFC 8628.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from avow import shaping
from avow.clock import Clock
from avow.core import ids
from avow.core.networks import subscriber
from avow.core.oidc import acr, usercodes
from avow.errors import OAuthRefused, RateLimitException
from avow.server.applications import consents
from avow.server.oidc import grants, rows
from avow.server.oidc.authorizing import Person, Wish
from avow.server.oidc.grants import Details, NewGrant, Redemption
from avow.server.oidc.rows import DeviceRow, GrantRow, IdRow, PolledRow, RequestRow
from avow.server.serving import Call, Client, Refusal, Steps, count
from avow.server.store import Tx, json_text

__all__ = [
    "GRANT_TYPE",
    "INTERVAL_SECONDS",
    "LIFETIME_SECONDS",
    "Guesses",
    "Shown",
    "answer",
    "begin",
    "find",
    "needs_sign_in",
    "poll",
    "wished",
]

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
LIFETIME_SECONDS = 600
INTERVAL_SECONDS = 5
_MOST_GUESSES = 10  # that were wrong, of one person, and of one address, in ten minutes
_MOST_BLOCKED = 10_000
_WINDOW_SECONDS = 600
_PREFIX = "D"
_ID_CHARACTERS = 27
_MAC = "oidc-device"
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Shown:
    """The two codes of a device."""

    device_code: str
    user_code: str


class _Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a device: what it asks for, and once its person has allowed it what it gets."""

    parameters: dict[str, tuple[str, ...]] = {}
    scopes: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    amr: tuple[str, ...] = ()
    auth_time: int = 0
    tenant_id: str = ""
    ends_at: int = 0
    lifetime: int = 0
    is_offline: bool = False
    rotates: bool = True
    is_heard: bool = False


def begin(tx: Tx, application_id: str, issuer: str, parameters: Mapping[str, Sequence[str]]) -> Shown:
    """Keep a device until its person has answered; of the device code nothing but a MAC is kept."""
    for _ in range(_TRIES):
        request_id, user_code = ids.random_id(_PREFIX), usercodes.make()
        device_code = request_id + ids.secret_text()
        made = tx.one(
            rows.KEEP_DEVICE,
            IdRow,
            id=request_id,
            application_id=application_id,
            issuer=issuer,
            parameters=json_text({"parameters": parameters}),
            secret_mac=tx.vault.mac(_MAC, tx.project_id, device_code),
            user_code=user_code,
            expires_at=tx.now + LIFETIME_SECONDS,
        )
        if made is not None:
            return Shown(device_code, usercodes.shown(user_code))
    raise RuntimeError("no user code is free")


class Guesses:
    """Wrong codes that people type: counted for all nodes, and who typed too many is remembered on this one.

    Right codes do not count: in one office many sign devices in. Spec: RFC 8628 section 5.1.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._blocked: dict[str, int] = {}

    def require_patience(self, call: Call[Any], user_id: str) -> None:
        """Refuse whoever guessed too often, before any code is looked for.

        Raises:
            RateLimitException: They, or others at their address, typed too many wrong codes.
        """
        wait = max(self._blocked.get(each, 0) for each in _guessers(call, user_id)) - self._clock()
        if wait > 0:
            raise RateLimitException(retry_after_seconds=wait)

    def count_wrong(self, call: Call[Any], user_id: str) -> Steps[None]:
        """Count a code that is none. Raises as `require_patience`."""
        now = self._clock()
        window = now // _WINDOW_SECONDS
        ends_at = (window + 1) * _WINDOW_SECONDS
        named = _guessers(call, user_id)
        seen = yield from count(*((f"device-guesses:{each}:{window}", ends_at) for each in named))
        if len(self._blocked) >= _MOST_BLOCKED:
            self._blocked.clear()
        self._blocked |= {each: ends_at for each, guesses in zip(named, seen, strict=True) if guesses >= _MOST_GUESSES}
        if max(seen) > _MOST_GUESSES:
            raise RateLimitException(retry_after_seconds=ends_at - now)


def _guessers(call: Call[Any], user_id: str) -> tuple[str, str]:
    project_id = call.project.id
    return f"{project_id}:user:{user_id}", f"{project_id}:address:{subscriber(call.client.address)}"


def find(tx: Tx, typed: str) -> RequestRow | None:
    """Return the device that shows a code and waits, or None."""
    code = usercodes.read(typed)
    return tx.one(rows.SHOWN, RequestRow, user_code=code) if code else None


def wished(row: RequestRow) -> dict[str, tuple[str, ...]]:
    """Return what a device asks for."""
    return shaping.decode(row.parameters, _Answered).parameters


def needs_sign_in(row: RequestRow, person: Person, wish: Wish) -> bool:
    """Tell whether a person has to sign in before they allow a wish: who did before the device asked, where all do."""
    return wish.authorization.client.forces_authentication and person.seen.auth_time < row.created_at


def answer(tx: Tx, row: RequestRow, person: Person, wish: Wish | None, client: Client | None = None) -> bool:
    """Note what the person said: a wish that they allow, or None.

    Returns:
        False when somebody was faster, or the person has to sign in first.
    """
    seen = person.seen
    if wish is not None and needs_sign_in(row, person, wish):
        return False
    state = "denied" if wish is None else "allowed"
    if tx.one(rows.ANSWER, IdRow, id=row.id, state=state, user_id=seen.user_id, session_id=seen.session_id) is None:
        return False
    data = {"application": row.application_id, "session": seen.session_id}
    tx.audit(
        f"device.{state}",
        actor=f"user:{seen.user_id}",
        user_id=seen.user_id,
        address=client.address if client else "",
        device=client.device if client else "",
        data=data,
    )
    if wish is not None:
        consents.add(tx, row.application_id, seen.user_id, wish.scopes, client)
        tx.run(rows.SAY, id=row.id, parameters=msgspec.json.encode(_allowed(wish, person)).decode())
    return True


def poll(
    tx: Tx, application_id: str, device_code: str, dpop_jkt: str, client: Client | None = None
) -> GrantRow | Refusal:
    """Return what a device gets once its person has allowed it; otherwise why it gets nothing yet, or never.

    Spec: RFC 8628 section 3.5.
    """
    named: dict[str, str | bytes] = {
        "id": device_code[:_ID_CHARACTERS],
        "application_id": application_id,
        "secret_mac": tx.vault.mac(_MAC, tx.project_id, device_code),
    }
    row = tx.one(rows.POLL, DeviceRow, interval=INTERVAL_SECONDS, **named)
    if row is None:
        polled = tx.one(rows.POLLED, PolledRow, **named)
        if polled is None:
            return _refused("invalid_grant", "The device code is not valid, was used, or is another client's.")
        if polled.expires_at <= tx.now:
            return _refused("expired_token", "The device code has expired.")
        return _refused("slow_down", "Wait for five seconds before each request.")
    if row.state == "waiting":
        return _refused("authorization_pending", "The person has not answered yet.")
    if row.state == "denied":
        return _refused("access_denied", "The person declined.")
    return _granted(tx, row, application_id, dpop_jkt, client)


def _granted(tx: Tx, row: DeviceRow, application_id: str, dpop_jkt: str, client: Client | None) -> GrantRow | Refusal:
    kept = shaping.decode(row.parameters, _Answered)
    new = NewGrant(
        application_id=application_id,
        user_id=row.user_id,
        session_id=row.session_id,
        issuer=row.issuer,
        scopes=kept.scopes,
        audience=kept.audience,
        redirect_uri="",
        expires_at=min(tx.now + kept.lifetime, kept.ends_at + grants.SESSION_KEPT_SECONDS),
        auth_time=kept.auth_time,
        tenant_id=kept.tenant_id,
        is_offline=kept.is_offline,
        rotates=kept.rotates,
        is_heard=kept.is_heard,
        details=Details(amr=kept.amr, acr=acr.class_of((), kept.amr)),
    )
    code = grants.begin(tx, new, client)
    return grants.spend(tx, Redemption(application_id=application_id, code=code, dpop_jkt=dpop_jkt))


def _allowed(wish: Wish, person: Person) -> _Answered:
    settings = wish.authorization.client.settings
    return _Answered(
        scopes=wish.held,
        audience=tuple(api.identifier for api in wish.apis),
        amr=person.amr,
        auth_time=person.seen.auth_time,
        tenant_id=person.tenant_id,
        ends_at=person.ends_at,
        lifetime=wish.lifetime_seconds,
        is_offline=wish.is_offline,
        rotates=settings.rotates,
        is_heard=bool(settings.backchannel_logout_uri),
    )


def _refused(error: str, text: str) -> Refusal:
    return Refusal(OAuthRefused(error=error, error_message=text))
