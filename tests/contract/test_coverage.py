"""Every operation of these areas has a test through the official SDK; one that is added or lost fails here."""

import pytest

from avow.wire.unsupported import UNSUPPORTED
from scripts import generate_operations
from tests.contract import results
from tests.contract.results import COLOURS, Tally, marked
from tests.contract.shapes import OPERATIONS, misfits

AREAS = (
    "otp.",
    "magiclink.",
    "enchantedlink.",
    "oauth.",
    "webauthn.",
    "totp.",
    "password.",
    "saml.",
    "sso.",
    "mgmt.access_key.",
    "mgmt.jwt.",
    "mgmt.flow.",
    "mgmt.audit.",
    "mgmt.license.",
    "mgmt.list.",
    "mgmt.management_key.",
    "mgmt.password.",
    "mgmt.permission.",
    "mgmt.project.",
    "mgmt.role.",
    "mgmt.sso.",
    "mgmt.sso_application.",
    "mgmt.group.",
    "mgmt.tenant.",
    "mgmt.third_party_application.",
    "mgmt.user.",
)
OF_SESSIONS = {
    "keys",
    "exchange_access_key",
    "get_last_response",
    "history",
    "logout",
    "logout_all",
    "me",
    "my_tenants",
    "refresh_session",
    "select_tenant",
    "validate_and_refresh_session",
    "validate_session",
    "validate_permissions",
    "validate_roles",
    "validate_tenant_permissions",
    "validate_tenant_roles",
    "get_matched_permissions",
    "get_matched_roles",
    "get_matched_tenant_permissions",
    "get_matched_tenant_roles",
}
# Families and WS-Federation.
NOT_SUPPORTED = {row.id for row in UNSUPPORTED if row.id.startswith(("mgmt.user.", "mgmt.sso_application."))}
WANTED = sorted((OF_SESSIONS | {name for name in OPERATIONS if name.startswith(AREAS)}) - NOT_SUPPORTED)


@pytest.mark.parametrize("operation", WANTED)
def test_operation_is_driven_by_the_official_sdk(operation: str) -> None:
    assert operation in marked()


@pytest.mark.parametrize("operation", WANTED)
def test_operation_was_shown_to_work(operation: str) -> None:
    shown = results.works(results.read())
    assert (operation in shown) == (operation not in {row.id for row in UNSUPPORTED})


def test_marks_name_operations_of_the_contract() -> None:
    assert marked() <= set(OPERATIONS)


def test_answers_of_another_shape_are_noticed() -> None:
    assert misfits("my_tenants", {"tenants": []}) == []
    assert misfits("my_tenants", {}) == ["my_tenants.tenants is missing"]
    assert misfits("my_tenants", {"tenants": {}}) == ["my_tenants.tenants: {} is no list"]
    assert misfits("my_tenants", {"tenants": [{"id": 7, "name": "", "customAttributes": {}}]})
    assert misfits("otp.verify_code", {"firstSeen": 1, "cookieMaxAge": True})
    assert misfits("otp.sign_up", {}, present=("maskedEmail",)) == ["otp.sign_up.maskedEmail is missing"]


# --- What README.md says -----------------------------------------------------------------------------------------


def test_readme_lists_what_was_shown() -> None:
    text = generate_operations.TARGET.read_text(encoding="utf-8")
    assert generate_operations.current(text, generate_operations.block(results.read(), marked())) == text


def test_operation_works_in_both_colours_or_does_not() -> None:
    assert results.works({"me": ["async", "sync"], "logout": ["sync"], "history": []}) == {"me"}
    line = generate_operations.block({"me": ["async", "sync"], "logout": ["sync"]}, {"me", "logout"})
    assert "| `client` | `me` |" in line
    assert line.startswith(f"{generate_operations.BEGIN}\n1 of the ")


@pytest.mark.parametrize(
    ("kept", "named"),
    [
        ("me", set()),
        ("mgmt.engine.create", {"mgmt.engine.create"}),
        ("mgmt.user.juggle", {"mgmt.user.juggle"}),
    ],
    ids=["without a test", "answered with 501", "of no contract"],
)
def test_table_refuses_what_is_not_shown(kept: str, named: set[str]) -> None:
    with pytest.raises(generate_operations.Refused, match=kept):
        generate_operations.block({kept: list(COLOURS)}, named)


def test_every_operation_of_the_sdk_works_or_is_answered_as_not_supported() -> None:
    addresses = {(row.verb, row.path) for row in UNSUPPORTED}
    rest = set(generate_operations.of_sdk()) - results.works(results.read())
    assert {(OPERATIONS[name]["method"], OPERATIONS[name]["path"]) for name in rest} <= addresses


# --- How a run is counted ----------------------------------------------------------------------------------------


def _seen(*reports: tuple[str, str, str]) -> results.Results:
    """Count a test of `me` with the official SDK, sync, for each way its setup, call and teardown went."""
    tally, about = Tally(), [("operation", "me"), ("colour", "sync")]
    for number, outcomes in enumerate(reports):
        for when, outcome in zip(("setup", "call", "teardown"), outcomes, strict=True):
            if outcome:
                answered = [("answered", "me")] if when == "teardown" else []
                tally.see(f"test_{number}", when, outcome, [*about, *answered])
    return tally.results()


def test_passed_test_shows_an_operation() -> None:
    assert _seen(("passed", "passed", "passed")) == {"me": ["sync"]}


@pytest.mark.parametrize(
    "outcomes",
    [
        ("passed", "failed", "passed"),
        ("failed", "", "passed"),
        ("passed", "passed", "failed"),
        ("skipped", "", "passed"),
    ],
)
def test_failed_and_skipped_tests_show_nothing(outcomes: tuple[str, str, str]) -> None:
    assert _seen(outcomes) == {}


def test_one_failure_outweighs_what_passed() -> None:
    assert _seen(("passed", "passed", "passed"), ("passed", "failed", "passed")) == {}
    assert _seen(("passed", "passed", "passed"), ("skipped", "", "passed")) == {"me": ["sync"]}


def test_operation_that_was_not_answered_is_not_shown() -> None:
    tally = Tally()
    for when in ("setup", "call", "teardown"):
        tally.see("test", when, "passed", [("operation", "me"), ("colour", "sync")])
    assert tally.results() == {}


def test_run_that_showed_something_else_is_told() -> None:
    assert results.differences({"me": ["async", "sync"]}, {"me": ["sync", "async"]}) == []
    assert results.differences({"me": ["async", "sync"]}, {"me": ["sync"], "keys": ["sync"]}) == [
        "keys: passed in sync, kept as neither",
        "me: passed in sync, kept as async, sync",
    ]
