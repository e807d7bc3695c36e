"""Who may act in whose name."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from avow.core.impersonation import Verdict, judge
from avow.core.sessions import TenantGrants


@dataclass(frozen=True, slots=True)
class Somebody:
    id: str
    roles: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    tenants: Mapping[str, TenantGrants] = field(default_factory=dict)


MEMBER, AGENT = TenantGrants("T"), TenantGrants("T", ("Support",), ("Impersonate",))
HELPER = Somebody("Uhelper", ("Support",), ("Impersonate",))
LOCAL = Somebody("Ulocal", ("Everybody",), ("see",), {"T1": AGENT, "T2": MEMBER, "T3": AGENT})


@pytest.mark.parametrize(
    ("impersonator", "other", "verdict"),
    [
        (HELPER, Somebody("U1"), Verdict.ALLOWED),
        (HELPER, Somebody("U1", ("Editor",), ("write",), {"T9": MEMBER}), Verdict.ALLOWED),
        (Somebody("U2", (), ("impersonation",)), Somebody("U1"), Verdict.ALLOWED),
        (Somebody("U2", ("Impersonate",), ("impersonate",)), Somebody("U1"), Verdict.UNENTITLED),
        (HELPER, HELPER, Verdict.UNENTITLED),
        (HELPER, Somebody("U1", ("is_superuser",)), Verdict.ABOVE),
        (HELPER, Somebody("U1", (), ("Impersonate",)), Verdict.ABOVE),
        (HELPER, Somebody("U1", tenants={"T9": AGENT}), Verdict.ABOVE),
        (Somebody("U2", ("is_staff",), ("Impersonate",)), Somebody("U1", ("is_staff",)), Verdict.ALLOWED),
        (LOCAL, Somebody("U1"), Verdict.OUT_OF_REACH),
        (LOCAL, Somebody("U1", tenants={"T1": MEMBER}), Verdict.ALLOWED),
        (LOCAL, Somebody("U1", tenants={"T1": MEMBER, "T3": MEMBER}), Verdict.ALLOWED),
        (LOCAL, Somebody("U1", tenants={"T1": MEMBER, "T2": MEMBER}), Verdict.OUT_OF_REACH),
        (LOCAL, Somebody("U1", ("Everybody",), ("see",), {"T1": MEMBER}), Verdict.ALLOWED),
        (LOCAL, Somebody("U1", ("Editor",), (), {"T1": MEMBER}), Verdict.OUT_OF_REACH),
        (LOCAL, Somebody("U1", (), ("write",), {"T1": MEMBER}), Verdict.OUT_OF_REACH),
    ],
)
def test_verdict(impersonator: Somebody, other: Somebody, verdict: Verdict) -> None:
    assert judge(impersonator, other) is verdict
