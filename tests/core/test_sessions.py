"""When a refresh token counts, and what the two tokens say."""

import pytest

from avow.core.sessions import SessionClaims, SessionState, TenantGrants, Verdict, judge, rotates

NOW = 1_800_000_000
GRACE = 30


def state(**changes: int | None) -> SessionState:
    """Return a rotating session at generation 5, a minute old, long-lived."""
    values: dict[str, int | None] = {
        "generation": 5,
        "rotates": 1,
        "rotated_at": NOW - 60,
        "expires_at": NOW + 86_400,
        "last_used_at": NOW - 60,
        "revoked_at": None,
    }
    return SessionState(**{**values, **changes})  # type: ignore[arg-type]  # the values above are all of that type


def judged(session: SessionState, presented: int, *, idle_seconds: int = 0) -> Verdict:
    """Judge at NOW with the default grace."""
    return judge(session, presented, NOW, grace_seconds=GRACE, idle_seconds=idle_seconds)


@pytest.mark.parametrize(
    ("session", "presented", "verdict"),
    [
        pytest.param(state(), 5, Verdict.ROTATES, id="current and old enough"),
        pytest.param(state(rotated_at=NOW - GRACE), 5, Verdict.ROTATES, id="current, exactly one grace old"),
        pytest.param(state(rotated_at=NOW - GRACE + 1), 5, Verdict.REPEATS, id="current, a second younger"),
        pytest.param(state(rotated_at=NOW), 4, Verdict.REPEATS, id="the one before, at once"),
        pytest.param(state(rotated_at=NOW - GRACE + 1), 4, Verdict.REPEATS, id="the one before, last second of grace"),
        pytest.param(state(rotated_at=NOW - GRACE), 4, Verdict.REUSED, id="the one before, grace over"),
        pytest.param(state(rotated_at=NOW), 3, Verdict.REUSED, id="two before"),
        pytest.param(state(rotated_at=NOW), 6, Verdict.REUSED, id="one that was never issued"),
        pytest.param(state(rotates=0), 5, Verdict.REPEATS, id="a session that does not rotate"),
        pytest.param(state(rotates=0), 4, Verdict.REUSED, id="not rotating, another generation"),
        pytest.param(state(revoked_at=NOW - 1), 5, Verdict.ENDED, id="revoked"),
        pytest.param(state(revoked_at=NOW - 1, rotated_at=NOW), 3, Verdict.ENDED, id="revoked, stale token"),
        pytest.param(state(expires_at=NOW + 1), 5, Verdict.ROTATES, id="last second"),
        pytest.param(state(expires_at=NOW), 5, Verdict.ENDED, id="expired to the second"),
        pytest.param(state(rotated_at=NOW + 100), 5, Verdict.REPEATS, id="the clock stepped back"),
    ],
)
def test_a_refresh_is_judged(session: SessionState, presented: int, verdict: Verdict) -> None:
    assert judged(session, presented) is verdict


def test_an_idle_session_has_ended() -> None:
    assert judged(state(last_used_at=NOW - 299), 5, idle_seconds=300) is Verdict.ROTATES
    assert judged(state(last_used_at=NOW - 300), 5, idle_seconds=300) is Verdict.ENDED


@pytest.mark.parametrize(
    ("policy", "is_sole_holder", "expected"),
    [
        ("always", False, True),
        ("always", True, True),
        ("never", True, False),
        ("sole-holder", True, True),
        ("sole-holder", False, False),
    ],
)
def test_rotation_follows_the_policy(policy: str, is_sole_holder: bool, expected: bool) -> None:
    assert rotates(policy, is_sole_holder=is_sole_holder) is expected


CLAIMS = SessionClaims(
    project_id="P1",
    user_id="U1",
    session_id="S1",
    generation=2,
    issued_at=NOW,
    rotated_at=NOW - 10,
    session_expires_at=NOW + 600,
    expires_at=1_802_419_200,
    amr=("email",),
    roles=("admin",),
    permissions=("read",),
    tenants={"T1": TenantGrants("Acme", ("owner",), ("write",))},
    selected_tenant="T1",
    claims={"plan": "pro", "sub": "U666"},
    unsigned_claims={"theme": "dark"},
)


def test_the_session_token_says_what_its_user_may_do() -> None:
    assert CLAIMS.session_token() == {
        "drn": "DS",
        "iss": "P1",
        "sub": "U1",
        "sid": "S1",
        "iat": NOW,
        "exp": NOW + 600,
        "rexp": "2027-02-12T08:00:00Z",
        "amr": ("email",),
        "permissions": ("read",),
        "roles": ("admin",),
        "tenants": {"T1": {"name": "Acme", "roles": ("owner",), "permissions": ("write",)}},
        "dct": "T1",
        "plan": "pro",
        "nsec": {"theme": "dark"},
    }


def test_the_refresh_token_of_a_generation_can_be_minted_again() -> None:
    again = SessionClaims(**{**{name: getattr(CLAIMS, name) for name in CLAIMS.__slots__}, "issued_at": NOW + 25})
    assert again.refresh_token() == CLAIMS.refresh_token()
    assert CLAIMS.refresh_token()["jti"] == "S1-2"
    assert CLAIMS.refresh_token()["iat"] == NOW - 10
