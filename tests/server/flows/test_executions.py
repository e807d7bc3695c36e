"""Whose an execution is, how long it lives, and that each step is taken once."""

import threading
from collections.abc import Callable

import pytest

from avow.server.flows import executions
from avow.testing.server import Avow
from tests.factories import change_settings, new_email
from tests.server.api import Api, Reply
from tests.server.flows.test_code import walk_to_code
from tests.server.flows.walking import Walk

ELSEWHERE = (401, "E108201")
EXPIRED = (401, "E103205")


def test_nobody_goes_on_without_the_nonce_of_the_answer(api: Api) -> None:
    mail = new_email()
    walk = walk_to_code(api, mail)
    number, _, secret = walk.nonce.partition(".")
    for shown in ("", "1", f"{number}.{secret[:-1]}", f"{int(number) + 1}.{secret}", "x" * 4000):
        assert walk.repeat("verify", nonce=shown, code=api.avow.code(mail)).refusal == ELSEWHERE
    assert walk.do("verify", code=api.avow.code(mail))["status"] == "completed"


def test_nonce_of_another_execution_is_none(api: Api) -> None:
    mine, theirs = walk_to_code(api, new_email()), walk_to_code(api, new_email())
    assert mine.repeat("back", nonce=theirs.nonce).refusal == ELSEWHERE


def test_lost_answer_is_given_again(api: Api) -> None:
    mail = new_email()
    walk = Walk(api)
    walk.start()
    before = walk.nonce
    first = walk.do("code", email=mail)
    again = walk.repeat("code", nonce=before, email=mail)
    assert again.body == first.body
    assert again.header("x-descope-flow-nonce") == walk.nonce
    assert len(api.avow.messages(mail)) == 1


def test_lost_session_is_given_again_to_the_same_browser(api: Api) -> None:
    mail = new_email()
    walk = walk_to_code(api, mail)
    before = walk.nonce
    code = api.avow.code(mail)
    first = walk.do("verify", code=code)
    again = walk.repeat("verify", nonce=before, code=code)
    assert again["status"] == "completed"
    assert again["authInfo"]["refreshJwt"].rpartition(".")[0] == first["authInfo"]["refreshJwt"].rpartition(".")[0]


def test_session_is_given_again_for_five_minutes_only(api: Api) -> None:
    mail = new_email()
    walk = walk_to_code(api, mail)
    before = walk.nonce
    code = api.avow.code(mail)
    walk.do("verify", code=code)
    api.clock.advance(301)
    assert walk.repeat("verify", nonce=before, code=code).refusal == EXPIRED


def test_execution_ends_to_the_second(api: Api) -> None:
    walk = Walk(api)
    walk.start()
    api.clock.advance(1799)
    assert walk.do("code", email=new_email()).status == 200
    api.clock.advance(1)
    assert walk.repeat("back").refusal == EXPIRED


def test_execution_of_a_changed_flow_is_refused(avow: Avow, api: Api) -> None:
    walk = Walk(api)
    walk.start()
    change_settings(avow, {"sign_in_methods": ("otp",)})
    api.clock.advance(2)
    assert walk.repeat("code", email=new_email()).refusal == (401, "E102004")


@pytest.mark.parametrize("wire_id", ["", "sign-up-or-in|#|Fnone", "|#|", "x", "sign-in|#|\u00e9"])
def test_made_up_execution_is_refused(api: Api, wire_id: str) -> None:
    reply = api.post("/v1/flow/next", {"executionId": wire_id, "interactionId": "code", "input": {}})
    assert reply.status in (400, 401)


def test_execution_under_the_name_of_another_flow_is_refused(api: Api) -> None:
    walk = Walk(api)
    walk.start()
    assert walk.last is not None
    body = {"executionId": walk.last["executionId"].replace("sign-up-or-in", "sign-in"), "interactionId": "code"}
    assert api.post("/v1/flow/next", body, x_descope_flow_nonce=walk.nonce).refusal == EXPIRED


def test_execution_of_another_project_does_not_exist(make_project: Callable[..., Avow], api: Api) -> None:
    walk = Walk(api)
    walk.start()
    stranger = Api(make_project())
    assert walk.last is not None
    body = {"executionId": walk.last["executionId"], "interactionId": "code", "input": {"email": new_email()}}
    assert stranger.post("/v1/flow/next", body, x_descope_flow_nonce=walk.nonce).refusal == EXPIRED


def test_of_many_at_once_one_takes_the_step(api: Api) -> None:
    mail = new_email()
    walk = walk_to_code(api, mail)
    code, replies = api.avow.code(mail), list[Reply]()
    racers = [
        threading.Thread(target=lambda: replies.append(walk.repeat("verify", code=code)), daemon=True) for _ in range(8)
    ]
    for each in racers:
        each.start()
    for each in racers:
        each.join(20)
    done = [reply for reply in replies if reply.status == 200]
    assert {reply["status"] for reply in done} == {"completed"}
    assert len({reply["authInfo"]["refreshJwt"].rpartition(".")[0] for reply in done}) == 1
    sessions = api.get("/v1/auth/avow/sessions", token=done[0]["authInfo"]["refreshJwt"])
    assert len(sessions["sessions"]) == 1


def test_step_and_screen_name_nothing_that_others_could_guess(api: Api) -> None:
    walk = Walk(api)
    walk.start()
    assert walk.last is not None
    assert "_" not in walk.last["executionId"]
    known = walk.last["screen"]["id"]
    for guessed in (known[:-1], known[:-26], "a" * len(known)):
        path = f"/pages/{api.avow.project_id}/v2-beta/{guessed}.html"
        assert api.get(path).status == 404


def test_session_that_nobody_was_given_ends_with_its_execution(avow: Avow, api: Api) -> None:
    mail = new_email()
    walk = walk_to_code(api, mail, deviceInfo={"webAuthnSupport": True}, location="http://localhost:3000/")
    walk.do("verify", code=avow.code(mail))
    assert walk.screen == "passkey-offer"
    api.clock.advance(1801)
    assert avow.run(lambda tx: executions.forget(tx, 10)) == 1
    token = api.sign_in(mail)["refreshJwt"]
    assert len(api.get("/v1/auth/avow/sessions", token=token)["sessions"]) == 1
