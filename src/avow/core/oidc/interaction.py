"""What an authorization request needs of its person: nothing, a sign-in, a consent; or why it is refused.

Spec: OpenID Connect Core 1.0 sections 3.1.2.3, 3.1.2.4, 3.1.2.6 and 5.5.1.1; OpenID Connect Core Error Code
unmet_authentication_requirements 1.0.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from avow.core.oidc import acr, scopes
from avow.core.oidc.clients import Api, Client
from avow.core.oidc.request import Authorization

__all__ = [
    "AskConsent",
    "Decision",
    "Grant",
    "Refuse",
    "Seen",
    "SignIn",
    "Waited",
    "aimed_at",
    "decide",
    "granted_scopes",
]


@dataclass(frozen=True, slots=True)
class Seen:
    """Whose session the browser has.

    Attributes:
        user_id: Whose.
        session_id: Which.
        auth_time: When they proved who they are.
        tenants: That they are members of.
        allowed: What they have allowed the application, by audience.
        may_reach: They may use the application at all.
        amr: What they have shown.
        may_act: They have shown what the tenant demands that the request names.
    """

    user_id: str
    session_id: str
    auth_time: int
    tenants: Collection[str] = ()
    allowed: Mapping[str, Collection[str]] = field(default_factory=dict)
    may_reach: bool = True
    amr: Collection[str] = ()
    may_act: bool = True


@dataclass(frozen=True, slots=True)
class Waited:
    """A request that the person comes back to: when it came, and the session that the browser had then, or ""."""

    begun_at: int
    session_id: str

    def has_fresh(self, seen: Seen) -> bool:
        """Tell whether the person has signed in since."""
        return seen.session_id != self.session_id and seen.auth_time >= self.begun_at


@dataclass(frozen=True, slots=True)
class SignIn:
    """The person has to sign in."""


@dataclass(frozen=True, slots=True)
class AskConsent:
    """The person has to be asked; what the application would be allowed, by audience."""

    scopes: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Grant:
    """The application gets a code for these scopes, by audience."""

    scopes: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Refuse:
    """The application is told why not."""

    error: str
    text: str


Decision = SignIn | AskConsent | Grant | Refuse


def decide(
    wish: Authorization,
    seen: Seen | None,
    waited: Waited | None,
    *,
    subject: str | None,
    wanted: Mapping[str, Sequence[str]],
    is_allowed: bool,
    now: int,
) -> Decision:
    """Decide what comes next.

    Args:
        wish: The request.
        seen: Whose session the browser has, or None.
        waited: The request as it was left for the sign-in, or None when it has just come.
        subject: Whom the request means by an ID token or claim, None for anybody.
        wanted: What it would be granted, by audience.
        is_allowed: The person has just been asked, and agreed.
        now: Seconds since the epoch.
    """
    why = None if seen is None else _not_enough(wish, seen, waited, subject, now)
    if seen is None or why:
        if wish.is_silent:
            return Refuse("login_required", "The person would have to sign in.")
        if seen is not None and why == "subject" and waited is not None and waited.has_fresh(seen):
            return Refuse("login_required", "Somebody else has signed in.")
        if seen is not None and why in {"acr", "tenant"} and waited is not None and waited.has_fresh(seen):
            return Refuse("unmet_authentication_requirements", "The person has not shown what is demanded.")
        return SignIn()
    if wish.tenant and wish.tenant not in seen.tenants:
        return Refuse("access_denied", "The person is not a member of this tenant.")
    if not seen.may_reach:
        return Refuse("access_denied", "The person may not use this application.")
    if not is_allowed and _needs_consent(wish, seen, wanted):
        if wish.is_silent:
            return Refuse("consent_required", "The person would have to be asked.")
        return AskConsent(wanted)
    return Grant(wanted)


def granted_scopes(wish: Authorization, apis: Sequence[Api]) -> dict[str, tuple[str, ...]]:
    """Return what a request would be granted, by audience: "" for the provider's own; what nobody knows is left out.

    Claims that are asked for by name count as the scopes that hold them: it is those that a person allows.
    """
    settings = wish.client.settings
    may_refresh = "refresh_token" in settings.grant_types and all(api.allows_offline for api in apis)
    own = {*scopes.STANDARD, *settings.scopes} - (set() if may_refresh else {scopes.OFFLINE})
    named = scopes.holding((*wish.claims.id_token, *wish.claims.userinfo))
    found = {"": tuple(dict.fromkeys((*(each for each in wish.scope if each in own), *named)))}
    for api in apis:
        found[api.identifier] = tuple(each for each in wish.scope if each in api.scopes and each not in own)
    return found


def aimed_at(
    client: Client, held: Sequence[str], apis: Sequence[Api], targets: Collection[str]
) -> tuple[tuple[Api, ...], tuple[str, ...]]:
    """Return the APIs that a token is for, and its scopes: without those that only others know, or nobody any more.

    Args:
        client: Whose token it is.
        held: The scopes that it would have.
        apis: Of its grant, those that there still are.
        targets: Identifiers of some of them; none for all.

    Spec: RFC 8707 section 2.2.
    """
    named = tuple(api for api in apis if not targets or api.identifier in targets)
    kept = {*scopes.STANDARD, *client.settings.scopes, *(scope for api in named for scope in api.scopes)}
    return named, tuple(each for each in held if each in kept)


def _not_enough(wish: Authorization, seen: Seen, waited: Waited | None, subject: str | None, now: int) -> str:
    """Return why the session that there is does not do, "" when it does."""
    is_fresh = waited is not None and waited.has_fresh(seen)
    if subject is not None and subject != seen.user_id:
        return "subject"
    if wish.asks_anew and not is_fresh:
        return "prompt"
    # Who has signed in since is asked no more, however long they then read: they would be led round for ever.
    if wish.max_age is not None and seen.auth_time + wish.max_age < now and not is_fresh:
        return "max_age"
    if "select_account" in wish.prompt and waited is None:
        return "account"
    if wish.claims.demands_acr and not acr.is_met(wish.claims.acr, seen.amr):
        return "acr"
    if not seen.may_act:
        return "tenant"
    # What is wished for and not demanded is asked for once, and not at all where nothing may be shown.
    asks = waited is None and not wish.is_silent and acr.wants_factors(wish.classes)
    return "factors" if asks and not acr.is_met((acr.MULTI_FACTOR,), seen.amr) else ""


def _needs_consent(wish: Authorization, seen: Seen, wanted: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether the person has to be asked. Spec: OpenID Connect Core 1.0 section 3.1.2.4; RFC 8252 section 8.6."""
    if "consent" in wish.prompt:
        return True
    if wish.client.is_trusted:
        return False
    if wish.client.is_public and not wish.redirect_uri.startswith("https://"):
        return True  # another program of the device may be the one that asks: an answer of before says nothing
    return any(
        not set(names) <= set(seen.allowed.get(audience, ())) or (not names and audience not in seen.allowed)
        for audience, names in wanted.items()
    )
