"""Authorization requests: judged with what is known of client and APIs, decided with the session, and granted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from msgspec.structs import replace as changed

from avow.clock import Clock
from avow.core.oidc import acr, interaction, scopes
from avow.core.oidc.accesstoken import audiences_said
from avow.core.oidc.clients import Api, Client
from avow.core.oidc.interaction import Decision, Seen, Waited
from avow.core.oidc.request import PARAMETERS, Asked, Authorization, Fault, judge, judge_address
from avow.core.tokens import Expected, verify
from avow.errors import InvalidToken, SecondFactorNeeded, SessionEnded, SsoOnly
from avow.server.applications import actions as applications
from avow.server.applications import consents
from avow.server.applications.kept import KeptApplications
from avow.server.oidc import documents, grants, requests
from avow.server.oidc.grants import Details, NewGrant
from avow.server.oidc.issuers import issuer_of
from avow.server.oidc.rows import RequestRow
from avow.server.serving import Call, SessionCaller, Steps, read, write
from avow.server.sessions import actions as sessions
from avow.server.sessions.actions import LiveRow
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.server.users.actions import Profile

__all__ = ["Authorizing", "Outcome", "Person", "Wish", "granted", "hint_claims"]

_HINT_SECONDS = 400 * 86_400
_MOST_AUDIENCES = 20

Parameters = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Wish:
    """A request that holds, and what it would be granted.

    Attributes:
        authorization: The request.
        apis: Those of its audience.
        scopes: What it would be granted, by audience; claims asked for by name as the scopes that hold them.
        subject: Whom it means by an ID token or claim, None for anybody; "" for a hint that is none of ours.
    """

    authorization: Authorization
    apis: tuple[Api, ...]
    scopes: Mapping[str, tuple[str, ...]]
    subject: str | None

    @property
    def held(self) -> tuple[str, ...]:
        """Return the scopes of the request that somebody knows, in its order."""
        known = {each for names in self.scopes.values() for each in names}
        return tuple(each for each in self.authorization.scope if each in known)

    @property
    def is_offline(self) -> bool:
        """Tell whether refresh tokens are given."""
        return scopes.OFFLINE in self.held

    @property
    def lifetime_seconds(self) -> int:
        """Return how long a grant of it lives at most: as its refresh tokens, or as the access token that it gives."""
        settings = self.authorization.client.settings
        if self.is_offline:
            return settings.refresh_lifetime_seconds
        return max((settings.lifetime_seconds, *(api.lifetime_seconds for api in self.apis))) + grants.CODE_SECONDS


@dataclass(frozen=True, slots=True)
class Person:
    """Whose session the browser has.

    Attributes:
        seen: What decisions ask about.
        amr: What was shown in the session.
        tenant_id: That is selected in it, or "".
        ends_at: When the session ends.
    """

    seen: Seen
    amr: tuple[str, ...]
    tenant_id: str
    ends_at: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes of a request that holds.

    Attributes:
        decision: What comes next.
        person: Whose session the browser has, or None.
        code: That a grant gives; None for no grant, or when the request, which waited, was taken by somebody else.
    """

    decision: Decision
    person: Person | None = None
    code: str | None = field(default=None, repr=False)


class Authorizing:
    """Judges authorization requests on one server.

    Attributes:
        parameters: The names of those that count.
    """

    parameters = PARAMETERS

    def __init__(self, kept: KeptApplications, clock: Clock) -> None:
        self._kept = kept
        self._clock = clock
        self._askers = requests.Askers(clock)

    def judged(
        self, call: Call[Any], parameters: Parameters, *, is_pushed: bool = False
    ) -> Steps[Authorization | Fault]:
        """Return a request that holds, or what is wrong with it."""
        client_ids = parameters.get("client_id", ())
        named = client_ids[0] if client_ids else ""
        client = (yield from documents.client(self._kept, call, named, self._clock)) if named else None
        standard = (client.settings.default_audience if client else "") or call.project.settings.default_audience
        if client is not None and standard != client.settings.default_audience:
            client = replace(client, settings=changed(client.settings, default_audience=standard))
        asked = Asked(parameters, client, is_pushed=is_pushed)
        wanted = asked.wanted_audiences
        if wanted and (fault := judge_address(asked)) is not None:
            return fault  # whose request it is nobody knows: no APIs are looked for
        audiences = []
        for each in wanted[:_MOST_AUDIENCES] or ((standard,) if standard else ()):
            api = yield from self._kept.api(call.project, each)
            if api is None:
                break
            audiences.append(api.identifier)
        return judge(replace(asked, audiences=audiences) if audiences else asked)

    def wish(self, call: Call[Any], authorization: Authorization) -> Steps[Wish]:
        """Return a request with what it would be granted."""
        apis = []
        for each in authorization.audiences:
            api = yield from self._kept.api(call.project, each)
            apis += [api] if api else []
        found = interaction.granted_scopes(authorization, apis)
        subject: str | None = authorization.claims.subject or None
        if authorization.hint:
            claims = hint_claims(call, authorization.hint, authorization.client.id, self._clock())
            subject = str(claims["sub"]) if claims else ""
        return Wish(authorization, tuple(apis), found, subject)

    def plain(self, call: Call[Any], client: Client, scope: tuple[str, ...], audiences: tuple[str, ...]) -> Steps[Wish]:
        """Return what an application would be granted that leads no browser anywhere."""
        asked = Authorization(
            client=client, redirect_uri="", has_redirect=False, mode="", scope=scope, audiences=audiences
        )
        return (yield from self.wish(call, asked))

    def person(self, call: Call[Any], held: tuple[SessionCaller, int] | None, client_id: str) -> Steps[Person | None]:
        """Return whose session the browser has, and what they have allowed the application; None for nobody's."""
        if held is None:
            return None
        return (yield from read(_person, call, held, client_id))

    def outcome(
        self,
        call: Call[Any],
        held: tuple[SessionCaller, int] | None,
        wish: Wish,
        row: RequestRow | None,
        mark: str,
        *,
        agreed: str,
    ) -> Steps[Outcome]:
        """Decide what comes next, and grant in the same unit where that is it.

        Args:
            call: The request of the browser; its client shows whether the device is a trusted one.
            held: Its session, or None.
            wish: What is asked for.
            row: The request as it waited, or None.
            mark: Of the browser.
            agreed: Who has just been asked, and agreed, or ""; another session in the same browser is asked anew.

        Raises:
            RateLimitException: There were too many requests in this person's sessions.
        """
        if held is None:
            return Outcome(_decided(wish, None, row, is_allowed=False, now=self._clock()))
        yield from self._askers.counted(call, held[0].user_id)
        return (yield from write(_outcome, call, held, wish, row, mark=mark, agreed=agreed))


def granted(
    tx: Tx, call: Call[Any], wish: Wish, person: Person, row: RequestRow | None, mark: str, *, is_allowed: bool
) -> str | None:
    """Grant a request and return its code; None when the request, which waited, was taken by somebody else.

    Args:
        tx: The unit.
        call: The request of the browser.
        wish: What is granted.
        person: Who grants it.
        row: The request as it waited, or None.
        mark: Of the browser.
        is_allowed: The person has just been asked, and agreed: that is noted.
    """
    authorization, seen = wish.authorization, person.seen
    if row is not None and requests.take(tx, row.id, mark) is None:
        return None
    client, settings = authorization.client, authorization.client.settings
    if client.is_published:
        documents.keep(tx, client, call.client)
    if is_allowed:
        consents.add(tx, client.id, seen.user_id, wish.scopes, call.client)
    new = NewGrant(
        application_id=client.id,
        user_id=seen.user_id,
        session_id=seen.session_id,
        issuer=issuer_of(call),
        scopes=wish.held,
        audience=[api.identifier for api in wish.apis],
        redirect_uri=authorization.redirect_uri if authorization.has_redirect else "",
        # The session's row is what ends a grant; it stays for a month after the session's own end.
        expires_at=min(tx.now + wish.lifetime_seconds, person.ends_at + grants.SESSION_KEPT_SECONDS),
        auth_time=seen.auth_time,
        tenant_id=authorization.tenant,
        challenge=authorization.challenge,
        dpop_jkt=authorization.dpop_jkt,
        is_offline=wish.is_offline,
        rotates=settings.rotates,
        is_heard=bool(settings.backchannel_logout_uri),
        details=Details(
            nonce=authorization.nonce,
            id_token=authorization.claims.id_token,
            userinfo=authorization.claims.userinfo,
            amr=person.amr,
            acr=acr.class_of(authorization.classes, person.amr),
        ),
    )
    return grants.begin(tx, new, call.client)


def hint_claims(call: Call[Any], token: str, client_id: str, now: int) -> dict[str, object] | None:
    """Return the claims of an ID token of ours, which may have expired, or None.

    Args:
        call: At whose issuer it is shown.
        token: The token.
        client_id: For whom it has to be; "" for anybody.
        now: Seconds since the epoch.

    Spec: OpenID Connect Core 1.0 section 3.1.2.1 (`id_token_hint`).
    """
    audience = (client_id,) if client_id else audiences_said(token)
    expected = Expected(issuer_of(call), frozenset(), audience=audience, leeway_seconds=_HINT_SECONDS)
    try:
        return verify(token, call.project.oidc_keys, expected, now).claims() if audience else None
    except InvalidToken:
        return None


def _outcome(
    tx: Tx,
    call: Call[Any],
    held: tuple[SessionCaller, int],
    wish: Wish,
    row: RequestRow | None,
    *,
    mark: str,
    agreed: str,
) -> Outcome:
    client = wish.authorization.client
    person = _person(
        tx,
        call,
        held,
        client.id,
        is_trusted=client.is_trusted,
        tenant_id=wish.authorization.tenant,
        # Whoever has just agreed writes the consent; of two who held it first, each would wait for the other.
        grants_by_it=held[0].user_id != agreed,
    )
    is_allowed = person is not None and person.seen.user_id == agreed
    decision = _decided(wish, person, row, is_allowed=is_allowed, now=tx.now)
    if person is None or not isinstance(decision, interaction.Grant):
        return Outcome(decision, person)
    return Outcome(decision, person, granted(tx, call, wish, person, row, mark, is_allowed=is_allowed))


def _decided(wish: Wish, person: Person | None, row: RequestRow | None, *, is_allowed: bool, now: int) -> Decision:
    return interaction.decide(
        wish.authorization,
        person.seen if person else None,
        Waited(row.created_at, row.session_id) if row else None,
        subject=wish.subject,
        wanted=wish.scopes,
        is_allowed=is_allowed,
        now=now,
    )


def _person(
    tx: Tx,
    call: Call[Any],
    held: tuple[SessionCaller, int],
    client_id: str,
    *,
    is_trusted: bool = False,
    tenant_id: str = "",
    grants_by_it: bool = False,
) -> Person | None:
    """Return whose session it is.

    What they have allowed is not looked for where nobody is asked (`is_trusted`), nor their tenants where the request
    names none (`tenant_id`). It is held where something is granted by it.
    """
    caller, ends_at = held
    try:
        session = sessions.live_enabled(tx, call.project, caller)
    except (SessionEnded, SecondFactorNeeded):
        return None
    if session.impersonator:  # whoever acts for somebody else does it here, not at other applications
        return None
    allowed = {} if is_trusted else consents.find(tx, client_id, caller.user_id, is_held=grants_by_it)
    may_reach = applications.may_reach(tx, client_id, caller.user_id)
    amr = tuple(session.amr.split())
    profile = users.find(tx, caller.user_id) if tenant_id else None
    tenants = frozenset(profile.tenants if profile else ())
    may_act = profile is None or _may_act(tx, call, session, profile, tenant_id)
    seen = Seen(caller.user_id, caller.session_id, session.created_at, tenants, allowed, may_reach, amr, may_act)
    return Person(seen, amr, session.tenant_id or "", ends_at)


def _may_act(tx: Tx, call: Call[Any], session: LiveRow, profile: Profile, tenant_id: str) -> bool:
    """Tell whether a session has what a tenant asks; who is no member is told so, and one that acts there goes on."""
    if tenant_id not in profile.tenants or tenant_id == session.tenant_id:
        return True
    try:
        sessions.require_demands(tx, call, session, profile, tenant_id)
    except (SecondFactorNeeded, SsoOnly):
        return False
    return True
