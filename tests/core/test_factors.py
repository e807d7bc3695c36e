"""When a second factor is needed, which would be enough, and which rules hold for members of tenants."""

import pytest

from avow.core.factors import Needs, Policy, Rules, TenantRules, combined, held, judge, needs_enrolled, strictest

EVERYTHING = frozenset({"pwd", "totp", "webauthn", "email", "sms"})
BY_MAIL = frozenset({"email"})
BY_PASSWORD_AND_MAIL = frozenset({"pwd", "email"})
BY_MESSAGES = frozenset({"pwd", "email", "sms"})
BY_APP = frozenset({"pwd", "totp", "email"})

CASES: list[tuple[str, Policy, str, frozenset[str], bool, tuple[str, ...] | None]] = [
    # what, policy, shown, could show, the passkey verified its user; the factors that are missing (None: enough)
    ("off asks nobody", "off", "pwd", EVERYTHING, False, None),
    ("off asks not even whoever showed nothing", "off", "", EVERYTHING, False, None),
    ("enrolled leaves alone who has neither app nor passkey", "enrolled", "pwd", BY_PASSWORD_AND_MAIL, False, None),
    ("enrolled asks for the app", "enrolled", "pwd", BY_APP, False, ("totp",)),
    ("enrolled asks for either", "enrolled", "email", EVERYTHING, False, ("totp", "webauthn")),
    ("two messages are no app", "enrolled", "email sms", BY_APP, False, ("totp",)),
    ("password and mail are no app", "enrolled", "pwd email mfa", BY_APP, False, ("totp",)),
    ("password and app are two", "enrolled", "pwd totp", BY_APP, False, None),
    ("mail and app are two", "enrolled", "email totp", BY_APP, False, None),
    ("an app alone is one", "enrolled", "totp", BY_APP, False, ("email", "pwd")),
    ("a recovery code stands for the app", "enrolled", "pwd recovery", BY_APP, False, None),
    ("a recovery code and the app are one", "enrolled", "recovery totp", BY_APP, False, ("email", "pwd")),
    ("saying mfa is no factor", "enrolled", "totp mfa", BY_APP, False, ("email", "pwd")),
    ("a passkey that verified its user is two", "enrolled", "webauthn", EVERYTHING, True, None),
    ("a passkey that did not is one", "enrolled", "webauthn", frozenset({"webauthn", "email"}), False, ("email",)),
    ("verification counts for passkeys only", "required", "pwd", BY_PASSWORD_AND_MAIL, True, ("email",)),
    ("a provider is one factor", "enrolled", "oauth", BY_APP, False, ("totp",)),
    ("an identity provider is one factor", "enrolled", "fed", BY_APP, False, ("totp",)),
    ("an identity provider that asked for two is enough", "required", "fed", BY_MAIL, True, None),
    ("and does not stand in for an app", "required", "fed", BY_APP, True, ("totp",)),
    ("what an application vouches for is one factor", "enrolled", "embedded", BY_APP, False, ("totp",)),
    ("required asks for another mailbox or phone", "required", "pwd", BY_MESSAGES, False, ("email", "sms")),
    ("required is content with two sources", "required", "pwd sms", frozenset({"pwd", "sms"}), False, None),
    ("required wants the app where there is one", "required", "pwd email", BY_APP, False, ("totp",)),
    ("two providers are one source", "required", "oauth fed", BY_MAIL, False, ("email",)),
    ("who has nothing else has to enrol", "required", "email", BY_MAIL, False, ()),
    ("who showed nothing shows anything", "required", "", BY_MAIL, False, ("email",)),
    ("a word that nobody knows is no factor", "required", "email geo", frozenset({"email", "sms"}), False, ("sms",)),
]  # fmt: skip


@pytest.mark.parametrize(("policy", "shown", "can_show", "verified", "missing"), [each[1:] for each in CASES])
def test_factors_are_judged_by_policy(
    policy: Policy, shown: str, can_show: frozenset[str], verified: bool, missing: tuple[str, ...] | None
) -> None:
    verdict = judge(policy, shown.split(), can_show, is_multi_factor=verified)
    assert verdict == (None if missing is None else Needs(missing))


@pytest.mark.parametrize("shown", ["pwd", "email sms", "oauth", "embedded", ""])
def test_change_of_credentials_wants_an_enrolled_factor(shown: str) -> None:
    assert needs_enrolled(shown.split(), EVERYTHING) == Needs(("totp", "webauthn"))


@pytest.mark.parametrize("shown", ["totp", "pwd totp", "webauthn", "email recovery"])
def test_one_enrolled_factor_is_enough_for_a_change(shown: str) -> None:
    assert needs_enrolled(shown.split(), EVERYTHING) is None


def test_change_asks_nothing_more_of_who_has_enrolled_nothing() -> None:
    assert needs_enrolled(["email"], frozenset({"pwd", "email", "sms"})) is None


def test_what_somebody_could_show() -> None:
    assert held({"password", "webauthn"}, is_email_proven=True, is_phone_proven=False) == {"pwd", "webauthn", "email"}
    assert held(set(), is_email_proven=False, is_phone_proven=True) == {"sms"}


def test_strictest_policy_wins() -> None:
    assert strictest(["off", "required", "enrolled"]) == "required"
    assert strictest([]) == "off"


def test_rules_of_tenants_only_tighten() -> None:
    project = Rules("enrolled", 30, 3600)
    lax = TenantRules(mfa="off", trusted_device_days=365, fresh_proof_seconds=86400)
    assert combined(project, [lax, TenantRules()]) == project
    assert combined(project, []) == project
    strict = TenantRules(mfa="required", trusted_device_days=0, fresh_proof_seconds=300)
    assert combined(project, [lax, strict]) == Rules("required", 0, 300)
