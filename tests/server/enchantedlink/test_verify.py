"""POST /v1/auth/enchantedlink/verify and /v1/auth/enchantedlink/pending-session."""

import threading
from dataclasses import dataclass

import pytest

from avow.server.challenges import actions as challenges
from avow.server.store import Tx
from tests.factories import make_user, new_email
from tests.server.api import PAGE, Api, Reply, Statements, token_of


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-in that waits for a click."""

    ref: str
    right: str
    wrong: str


@pytest.fixture
def address() -> str:
    return new_email()


@pytest.fixture
def pending(api: Api, address: str) -> Pending:
    return start(api, address)


def start(api: Api, address: str) -> Pending:
    answer = api.post("/v1/auth/enchantedlink/signup-in/email", {"loginId": address, "URI": PAGE})
    tokens = {link.id: token_of(link.url) for link in api.avow.messages(address)[0].links}
    right = tokens.pop(answer["linkId"])
    return Pending(answer["pendingRef"], right, next(iter(tokens.values())))


def click(api: Api, token: str) -> Reply:
    return api.post("/v1/auth/enchantedlink/verify", {"token": token})


def poll(api: Api, ref: str) -> Reply:
    return api.post("/v1/auth/enchantedlink/pending-session", {"pendingRef": ref})


def test_click_gives_the_session_to_whoever_waits_and_not_to_whoever_clicks(api: Api, pending: Pending) -> None:
    assert poll(api, pending.ref).refusal == (401, "E062503")
    clicked = click(api, pending.right)
    assert (clicked.status, clicked.body) == (200, {})
    session = poll(api, pending.ref)
    assert session["firstSeen"] is True
    assert api.refresh(session["refreshJwt"]).status == 200


def test_session_is_given_once(api: Api, pending: Pending) -> None:
    click(api, pending.right)
    assert poll(api, pending.ref).status == 200
    assert poll(api, pending.ref).refusal == (401, "E062503")


def test_poll_at_the_moment_of_the_right_click_goes_on_waiting(
    api: Api, pending: Pending, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, looks = challenges.is_live, 0

    def clicked_meanwhile(tx: Tx, *, purpose: str, challenge_id: str) -> bool:
        nonlocal looks
        looks += 1
        clicking = threading.Thread(target=click, args=(api, pending.right))
        clicking.start()
        clicking.join()
        return look(tx, purpose=purpose, challenge_id=challenge_id)

    monkeypatch.setattr(challenges, "is_live", clicked_meanwhile)
    assert poll(api, pending.ref).status == 200
    assert looks == 1


def test_link_works_once(api: Api, pending: Pending) -> None:
    assert click(api, pending.right).status == 200
    assert click(api, pending.right).refusal == (401, "E063010")


def test_wrong_number_ends_the_sign_in_for_all_three(api: Api, pending: Pending) -> None:
    assert click(api, pending.wrong).refusal == (401, "E063010")
    assert click(api, pending.right).refusal == (401, "E063010")
    assert poll(api, pending.ref).refusal == (401, "E063010")


def test_polling_in_vain_costs_nothing(api: Api, pending: Pending) -> None:
    for _ in range(10):
        assert poll(api, pending.ref).refusal == (401, "E062503")
    click(api, pending.right)
    assert poll(api, pending.ref).status == 200


def test_links_live_to_the_second(api: Api, pending: Pending) -> None:
    api.clock.advance(599)
    assert click(api, pending.right).status == 200
    assert poll(api, pending.ref).status == 200


def test_links_are_dead_at_the_end_of_their_life(api: Api, pending: Pending) -> None:
    api.clock.advance(600)
    assert click(api, pending.right).refusal == (401, "E062504")
    assert poll(api, pending.ref).status == 401


def test_newer_start_takes_the_place_of_the_older(api: Api, address: str, pending: Pending) -> None:
    newer = start(api, address)
    assert click(api, pending.right).refusal == (401, "E063010")
    assert poll(api, pending.ref).status == 401
    assert click(api, newer.right).status == 200
    assert poll(api, newer.ref).status == 200


@pytest.mark.parametrize("ref", ["nothing", "x" * 512])
def test_reference_to_nothing_waits_for_ever(ref: str, api: Api) -> None:
    assert poll(api, ref).refusal == (401, "E062503")


def test_token_of_the_links_is_no_reference(api: Api, pending: Pending) -> None:
    click(api, pending.right)
    assert poll(api, pending.right).status == 401
    assert click(api, pending.ref).refusal == (401, "E063010")


def test_poll_runs_two_statements_while_nobody_clicked_and_six_for_the_session(
    api: Api, statements: Statements, address: str
) -> None:
    make_user(api.avow, address)
    waiting = start(api, address)
    with statements:
        poll(api, waiting.ref)
    assert statements.ran == ["challenges.FIND_BY_ID", "challenges.FATE_BY_ID"]
    click(api, waiting.right)
    with statements:
        poll(api, waiting.ref)
    assert statements.ran == [
        "challenges.FIND_BY_ID",  # read, outside the writer
        "challenges.FIND_BY_ID",
        "challenges.CONSUME",
        "users.PROFILE_HELD",
        "sessions.INSERT",
        "store.INSERT_AUDIT",
    ]


def test_click_runs_three_statements(api: Api, pending: Pending, statements: Statements) -> None:
    with statements:
        click(api, pending.right)
    assert statements.ran == ["challenges.SPEND_BY_ID", "challenges.CONSUME", "challenges.REBIND"]
