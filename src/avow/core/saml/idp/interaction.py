"""What an AuthnRequest needs of its person: nothing, a sign-in; or what the service provider is told instead.

Spec: SAML Core sections 3.3.2.2.1 and 3.4.1; Profiles section 4.1.
"""

from dataclasses import dataclass
from typing import Final

from avow.core.saml.assertions import MULTI_FACTOR_CONTEXTS
from avow.core.saml.idp import statuses
from avow.core.saml.idp.asked import AuthnAsked
from avow.core.saml.idp.statuses import Status

__all__ = ["Answer", "Decision", "Seen", "SignIn", "Waited", "context_of", "decide", "wants_factors"]

_CLASSES: Final = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
_UNSPECIFIED: Final = f"{_CLASSES}unspecified"
_PASSWORD: Final = f"{_CLASSES}PasswordProtectedTransport"
_MULTI_FACTOR: Final = "https://refeds.org/profile/mfa"
# Smart cards, as a class of their own, nobody shows here.
_TWO_FACTORS: Final = MULTI_FACTOR_CONTEXTS - {f"{_CLASSES}SmartcardPKI"}
# What the plainest sign-in is: a secret of the person's went over a protected line.
_ONE_FACTOR: Final = frozenset({_PASSWORD, f"{_CLASSES}Password"})


@dataclass(frozen=True, slots=True)
class Seen:
    """Whose session the browser has, when they proved who they are, and whether they may use the application."""

    user_id: str
    session_id: str
    auth_time: int
    may_reach: bool = True


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
class Answer:
    """The service provider gets an assertion, of a sign-in of this class."""

    context: str


Decision = SignIn | Answer | Status


def decide(
    asked: AuthnAsked,
    seen: Seen | None,
    waited: Waited | None,
    *,
    forces_authn: bool,
    is_meant: bool,
    is_multi_factor: bool,
) -> Decision:
    """Decide what comes next.

    Args:
        asked: The request.
        seen: Whose session the browser has, or None.
        waited: The request as it was left for the sign-in, or None when it has just come.
        forces_authn: Everybody signs in anew for this application.
        is_meant: The person is the one that the request means.
        is_multi_factor: Two factors were shown in the session.
    """
    is_fresh = seen is not None and waited is not None and waited.has_fresh(seen)
    has_to = seen is None or not is_meant or ((asked.forces_authn or forces_authn) and not is_fresh)
    if has_to and asked.is_passive:
        return statuses.PASSIVE
    if seen is not None and is_fresh and not is_meant:
        return statuses.STRANGER
    if seen is None or has_to:
        return SignIn()
    if not seen.may_reach:
        return statuses.DENIED
    context = context_of(asked, is_multi_factor=is_multi_factor)
    if context:
        return Answer(context)
    # A second factor may be what is missing: the person is asked for it, once.
    return (
        SignIn()
        if wants_factors(asked) and not (is_multi_factor or is_fresh or asked.is_passive)
        else (statuses.CONTEXT)
    )


def wants_factors(asked: AuthnAsked) -> bool:
    """Tell whether only a sign-in of two factors will do."""
    return not context_of(asked, is_multi_factor=False) and bool(context_of(asked, is_multi_factor=True))


def context_of(asked: AuthnAsked, *, is_multi_factor: bool) -> str:
    """Return the class of a sign-in as a request wants to hear it, "" when the sign-in is of none that will do."""
    if not asked.classes:
        return _MULTI_FACTOR if is_multi_factor else _UNSPECIFIED
    rank = 2 if is_multi_factor else 1
    own = _MULTI_FACTOR if is_multi_factor else _PASSWORD
    ranks = [found for found in map(_rank, asked.classes) if found is not None]
    match asked.comparison:
        case "exact":
            return next((each for each in asked.classes if _is_of(each, rank)), "")
        case "minimum":
            return own if any(each <= rank for each in ranks) else ""
        case "maximum":
            return own if any(rank <= each for each in ranks) else ""
        case "better":
            return own if ranks and len(ranks) == len(asked.classes) and all(each < rank for each in ranks) else ""


def _rank(context: str) -> int | None:
    """Return how strong a class is, None for one that we do not know."""
    for rank, known in enumerate(({_UNSPECIFIED}, _ONE_FACTOR, _TWO_FACTORS)):
        if context in known:
            return rank
    return None


def _is_of(context: str, rank: int) -> bool:
    """Tell whether a sign-in of this strength is of exactly a class; two factors are one factor as well."""
    known = _rank(context)
    return known is not None and known <= rank
