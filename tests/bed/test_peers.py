"""How peers are counted."""

from typing import Literal

import pytest

from tests.bed.peers import PEERS, Count


def report(
    peer: str, outcome: Literal["passed", "failed", "skipped"], when: Literal["setup", "call"] = "call"
) -> pytest.TestReport:
    return pytest.TestReport(
        "test_x.py::test_x", ("test_x.py", 0, "x"), {}, outcome, None, when, user_properties=[("peer", peer)]
    )


def test_peer_passes_when_all_of_its_tests_do() -> None:
    count = Count()
    for each in (
        report("social-auth", "passed"),
        report("openid-client", "passed"),
        report("openid-client", "failed"),
        report("auth0-python", "passed"),
        report("auth0-python", "failed", "setup"),
        report("auth0-spa-js", "passed", "setup"),
        report("oidc-client-ts", "skipped", "setup"),
    ):
        count.add(each)
    lines = count.lines()
    assert lines[0] == f"1 of {len(PEERS)} peers"
    assert {"  failed: openid-client", "  failed: auth0-python"} < set(lines)
    assert {"  not run: auth0-spa-js", "  not run: oidc-client-ts", "  not run: mod_auth_openidc"} < set(lines)
    assert not any("social-auth" in line for line in lines)


def test_run_without_peers_says_nothing() -> None:
    count = Count()
    count.add(pytest.TestReport("test_x.py::test_x", ("test_x.py", 0, "x"), {}, "passed", None, "call"))
    assert count.lines() == []
