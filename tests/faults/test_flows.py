"""Flows on their way while servers end and others take over: an execution is in the database and nowhere else."""

from collections.abc import Iterator

import pytest

from tests.factories import new_email
from tests.faults.fleet import Fleet
from tests.security.calls import OverHttp, Wish
from tests.security.flows.test_executions import Way, is_in
from tests.security.place import Place
from tests.security.visiting import DistantBrowser
from tests.server.api import wrong

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def place(fleet: Fleet) -> Iterator[Place]:
    yield fleet.place()
    fleet.close_places()


def test_flow_goes_on_after_every_server_was_killed(place: Place, fleet: Fleet) -> None:
    way, login_id = Way(place), new_email()
    code = way.to_code(login_id)
    refused = way.do("verify", code=wrong(code))
    assert "4" in refused.body["screen"]["state"]["errorText"]
    fleet.kill()
    fleet.start()
    refused = way.do("verify", code=wrong(code))
    assert "3" in refused.body["screen"]["state"]["errorText"]
    assert is_in(way.do("verify", code=code))


def test_answer_that_was_lost_with_its_server_is_given_again(place: Place, fleet: Fleet) -> None:
    way, login_id = Way(place), new_email()
    code = way.to_code(login_id)
    shown = way.nonce
    first = way.do("verify", code=code).body["authInfo"]
    fleet.kill()
    fleet.start()
    again = place.api.carrier.send(way.wish("verify", nonce=shown, code=code))
    assert is_in(again)
    assert again.body["authInfo"]["user"] == first["user"]
    sessions = place.api.get("/v1/auth/avow/sessions", again.body["authInfo"]["refreshJwt"])
    assert len(sessions.body["sessions"]) == 1


def test_each_step_may_be_taken_at_another_server(place: Place, fleet: Fleet) -> None:
    way, login_id = Way(place), new_email()
    nodes = [OverHttp([url]) for url in fleet.servers.urls]

    def at(number: int, wish: Wish) -> None:
        answer = nodes[number % len(nodes)].send(wish)
        assert answer.status == 200, answer.content
        way.nonce, way.execution = answer.headers["x-descope-flow-nonce"], answer.body["executionId"]
        screen = f"/pages/{place.api.project_id}/v2-beta/{answer.body['screen']['id']}.html"
        if answer.body["status"] != "completed":
            assert nodes[(number + 1) % len(nodes)].send(Wish("GET", screen)).status == 200
        steps.append(answer.body.get("stepName") or answer.body["status"])

    steps: list[str] = []
    body = {"flowId": "sign-in", "options": {"location": "http://localhost:3000/"}, "interactionId": "", "input": {}}
    place.sign_in(login_id)
    at(0, place.api.wish("POST", "/v1/flow/start", body=body))
    at(1, way.wish("code", email=login_id))
    at(2, way.wish("back"))
    at(3, way.wish("code", email=login_id))
    at(4, way.wish("verify", code=place.avow.code(login_id)))
    for node in nodes:
        node.close()
    assert steps == ["email", "code", "email", "code", "completed"]


def test_page_goes_on_at_other_servers_and_after_all_were_killed(place: Place, fleet: Fleet) -> None:
    login_id = new_email()
    browser = DistantBrowser(place)
    page = browser.ask(login_id)
    code = place.avow.code(login_id)
    assert browser.submit(page.form(), "verify", code=wrong(code)).status == 401
    fleet.kill()
    fleet.start()
    page = browser.get(page.url)
    assert page.heading == "Enter your code"
    assert browser.submit(page.form(), "verify", code=code).heading == "Your account"
