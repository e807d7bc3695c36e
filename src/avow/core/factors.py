"""Factors: what each sign-in method proves, when one more is needed, which a person could show. No I/O, no clock."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, Literal

__all__ = [
    "ENROLLED",
    "ENROLLED_POLICY",
    "OFF",
    "POLICIES",
    "REQUIRED",
    "Needs",
    "Policy",
    "Rules",
    "TenantRules",
    "combined",
    "held",
    "is_strong",
    "judge",
    "needs_enrolled",
    "shows_two",
    "strictest",
]

Policy = Literal["off", "enrolled", "required"]

OFF: Final = "off"
ENROLLED_POLICY: Final = "enrolled"
REQUIRED: Final = "required"
POLICIES: Final[tuple[Policy, ...]] = (OFF, ENROLLED_POLICY, REQUIRED)  # each stricter than the one before

ENROLLED: Final = frozenset({"totp", "webauthn"})  # what somebody sets up to be asked for it

# What has to be in somebody's hands for each word of `amr`: two words of one source are one factor. A word that is not
# here (`mfa`, which only says that more was asked for) proves nothing by itself. A recovery code stands for the app.
_SOURCES: Final = {
    "pwd": "password",
    "totp": "app",
    "recovery": "app",
    "webauthn": "passkey",
    "email": "mailbox",
    "sms": "phone",
    "oauth": "provider",
    "fed": "provider",
    "embedded": "application",
}
_STRONG: Final = frozenset({"app", "passkey"})
_MAY_BE_TWO: Final = frozenset({"passkey", "provider"})


@dataclass(frozen=True, slots=True)
class Needs:
    """A verdict: what was shown is not enough.

    Attributes:
        factors: Words of `amr`, one of which would be; none when the person has nothing else, and has to enrol it.
    """

    factors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """What a project, with the tenants of a user, asks of that user.

    Attributes:
        mfa: Who has to show two factors.
        trusted_device_days: For how long a device on which they were shown is asked for one; 0 for no time.
        fresh_proof_seconds: How old a sign-in may be that changes how somebody signs in.
    """

    mfa: Policy
    trusted_device_days: int
    fresh_proof_seconds: int


@dataclass(frozen=True, slots=True)
class TenantRules:
    """What a tenant asks of its members beyond its project: "" and -1 leave it to the project.

    `mfa` is asked since `mfa_since`, in seconds since the epoch.
    """

    mfa: Policy | Literal[""] = ""
    trusted_device_days: int = -1
    fresh_proof_seconds: int = -1
    mfa_since: int = 0


def combined(project: Rules, tenants: Iterable[TenantRules]) -> Rules:
    """Return the strictest of what a project and the tenants of a user ask."""
    named = tuple(tenants)
    if not named:
        return project
    days = [each.trusted_device_days for each in named if each.trusted_device_days >= 0]
    seconds = [each.fresh_proof_seconds for each in named if each.fresh_proof_seconds >= 0]
    return Rules(
        strictest([project.mfa, *(each.mfa for each in named if each.mfa)]),
        min([project.trusted_device_days, *days]),
        min([project.fresh_proof_seconds, *seconds]),
    )


def strictest(policies: Iterable[Policy]) -> Policy:
    """Return the strictest of some policies; of none, off."""
    found: list[Policy] = [OFF, *policies]
    return max(found, key=POLICIES.index)


def held(ways: Collection[str], *, is_email_proven: bool, is_phone_proven: bool) -> frozenset[str]:
    """Return what a person could show, as words of `amr`.

    Args:
        ways: `password`, `totp` and `webauthn`, as far as the person has them.
        is_email_proven: A code by mail would reach them.
        is_phone_proven: One by message would.
    """
    found = {"pwd"} if "password" in ways else set()
    found |= ENROLLED.intersection(ways)
    if is_email_proven:
        found.add("email")
    if is_phone_proven:
        found.add("sms")
    return frozenset(found)


def judge(
    policy: Policy, amr: Collection[str], can_show: frozenset[str], *, is_multi_factor: bool = False
) -> Needs | None:
    """Decide whether what was shown is enough for a session.

    Where somebody has enrolled an app or a passkey, one of them has to be among two factors: what travels by message
    does not stand in for it, and an app alone is one factor.

    Args:
        policy: `off`: one factor is enough. `enrolled`: two from whoever has an app or a passkey. `required`: two.
        amr: What was shown.
        can_show: What the person could show (`held`).
        is_multi_factor: The last proof was two factors in itself: a passkey that verified its user, or a sign-in at
            the identity provider of the user's tenant, which says that it asked for two.

    Returns:
        None when it is enough.

    Spec: NIST SP 800-63B-4 sections 2.2 and 3.1.6 (two distinct factors, or one multi-factor authenticator).
    """
    if policy == OFF or (policy == ENROLLED_POLICY and not can_show & ENROLLED):
        return None
    if (missing := needs_enrolled(amr, can_show)) is not None:
        return missing
    if shows_two(amr, is_multi_factor=is_multi_factor):
        return None
    shown = _sources(amr)
    return Needs(tuple(sorted(word for word in can_show if _SOURCES[word] not in shown)))


def needs_enrolled(amr: Iterable[str], can_show: frozenset[str]) -> Needs | None:
    """Return the enrolled factors when none of them was shown; None when one was, or there is none.

    Changes of how somebody signs in ask this whatever the policy is: a password alone does not replace an app.
    """
    enrolled = can_show & ENROLLED
    return Needs(tuple(sorted(enrolled))) if enrolled and not is_strong(amr) else None


def shows_two(amr: Collection[str], *, is_multi_factor: bool = False) -> bool:
    """Tell whether what was shown is two factors: one that was shown twice is one.

    Args:
        amr: What was shown.
        is_multi_factor: As in `judge`.
    """
    shown = _sources(amr)
    return len(shown) > 1 or (is_multi_factor and not _MAY_BE_TWO.isdisjoint(shown))


def is_strong(amr: Iterable[str]) -> bool:
    """Tell whether what was shown is, or stands for, a factor that people enrol."""
    return not _STRONG.isdisjoint(_sources(amr))


def _sources(amr: Iterable[str]) -> frozenset[str]:
    return frozenset(_SOURCES[word] for word in amr if word in _SOURCES)
