"""POST /v1/auth/magiclink/verify."""

from collections.abc import Callable

import pytest

from avow.server.users import actions as users
from avow.testing.server import Avow
from tests.factories import make_user, new_email
from tests.server.api import PAGE, START, Api, Reply, Statements


@pytest.fixture
def address(api: Api) -> str:
    """An address to which a link is on its way."""
    sent_to = new_email()
    api.post("/v1/auth/magiclink/signup-in/email", {"loginId": sent_to, "URI": PAGE})
    return sent_to


def verify(api: Api, token: str) -> Reply:
    return api.post("/v1/auth/magiclink/verify", {"token": token})


def test_token_opens_a_session(api: Api, address: str) -> None:
    session = verify(api, api.link_token(address))
    assert session["firstSeen"] is True
    assert session["user"]["verifiedEmail"] is True
    assert session["sessionExpiration"] == START + 600
    assert api.refresh(session["refreshJwt"]).status == 200


def test_token_works_once(api: Api, address: str) -> None:
    token = api.link_token(address)
    assert verify(api, token).status == 200
    assert verify(api, token).refusal == (401, "E063010")


def test_token_lives_to_the_second(api: Api, address: str) -> None:
    token = api.link_token(address)
    api.clock.advance(599)
    assert verify(api, token).status == 200


def test_token_is_dead_at_the_end_of_its_life(api: Api, address: str) -> None:
    token = api.link_token(address)
    api.clock.advance(600)
    assert verify(api, token).refusal == (401, "E062504")


def test_token_cut_short_does_not_spoil_the_whole_one(api: Api, address: str) -> None:
    token = api.link_token(address)
    assert verify(api, token[:-5]).refusal == (401, "E063010")
    assert verify(api, token).status == 200


def test_token_with_another_secret_is_refused_and_after_three_the_link_is_dead(api: Api, address: str) -> None:
    token = api.link_token(address)
    forged = token[:-1] + ("A" if token[-1] != "A" else "B")
    for _ in range(3):
        assert verify(api, forged).refusal == (401, "E063010")
    assert verify(api, token).refusal == (401, "E063010")


def test_token_of_another_project_is_refused(api: Api, address: str, make_project: Callable[..., Avow]) -> None:
    token = api.link_token(address)
    assert verify(Api(make_project()), token).refusal == (401, "E063010")


def test_token_of_an_enchanted_link_is_refused(api: Api) -> None:
    address = new_email()
    answer = api.post("/v1/auth/enchantedlink/signup-in/email", {"loginId": address, "URI": PAGE})
    [url] = [link.url for link in api.avow.messages(address)[0].links if link.id == answer["linkId"]]
    assert verify(api, url.rpartition("t=")[2]).refusal == (401, "E063010")


def test_user_disabled_meanwhile_gets_no_session(api: Api) -> None:
    address = new_email()
    user_id = make_user(api.avow, address)
    api.post("/v1/auth/magiclink/signin/email", {"loginId": address, "URI": PAGE})
    token = api.link_token(address)
    api.avow.run(lambda tx: users.set_status(tx, user_id, "disabled"))
    assert verify(api, token).refusal == (403, "E062110")


def test_address_left_meanwhile_proves_nothing(api: Api) -> None:
    address = new_email()
    user_id = make_user(api.avow, address)
    api.post("/v1/auth/magiclink/signin/email", {"loginId": address, "URI": PAGE})
    token = api.link_token(address)
    api.avow.run(lambda tx: users.set_email(tx, user_id, new_email("moved")))
    assert verify(api, token).refusal[0] == 401


def test_sign_in_runs_five_statements(api: Api, statements: Statements) -> None:
    address = new_email()
    make_user(api.avow, address)
    api.post("/v1/auth/magiclink/signin/email", {"loginId": address, "URI": PAGE})
    token = api.link_token(address)
    with statements:
        verify(api, token)
    assert statements.ran == [
        "challenges.SPEND_BY_ID",
        "challenges.CONSUME",
        "users.PROFILE_HELD",
        "sessions.INSERT",
        "store.INSERT_AUDIT",
    ]
