"""Flows that end oddly: changed on the way, deleted, opened elsewhere, or made wrongly."""

from typing import Any

import pytest

from avow.server.flows import executions
from avow.testing.server import Avow
from tests.factories import change_settings, join_tenant, make_tenant, make_user, new_email
from tests.server.api import Api
from tests.server.flows.test_flows import PATH, put
from tests.server.flows.test_passkeys import CAN, ORIGIN
from tests.server.flows.test_second_password import with_password
from tests.server.flows.walking import Walk

END = {"kind": "done"}


def act(do: str, on: dict[str, str], **given: str) -> dict[str, Any]:
    return {"kind": "act", "do": do, "on": on, "given": given}


def keep(api: Api, flow_id: str, start: str, **steps: Any) -> None:
    kept = put(api, api.avow.management_key, flow_id, {"dsl": {"start": start, "steps": {**steps, "end": END}}}, [])
    assert kept.status == 200


def ask_reset(api: Api, mail: str) -> Walk:
    walk = Walk(api, "sign-in")
    walk.start()
    walk.do("password", email=mail)
    walk.do("forgot")
    walk.do("send", email=mail)
    assert walk.screen == "link-sent"
    return walk


def test_run_says_why_an_act_came_to_nothing(api: Api) -> None:
    keep(api, "check", "v", v=act("verify-link", {"done": "end"}))
    refused = api.post(f"{PATH}/run", {"flowId": "check", "input": {"token": "x"}}, token=api.avow.management_key)
    assert refused.refusal == (400, "E011004")
    assert "link" in refused.body["errorMessage"]
    assert "waits for a person" not in refused.body["errorMessage"]


def test_flow_whose_first_act_leads_nowhere_does_not_begin(api: Api) -> None:
    keep(api, "none", "v", v=act("decline-passkey", {}))
    assert Walk(api, "none").start().refusal == (400, "E011004")


@pytest.mark.parametrize("how", ["deleted", "off", "changed"])
def test_flow_that_is_gone_on_the_way_begins_anew(api: Api, how: str) -> None:
    first = {"kind": "screen", "screen": "email", "on": {"code": "end"}}
    keep(api, "mine", "first", first=first)
    walk = Walk(api, "mine")
    walk.start()
    key = api.avow.management_key
    if how == "deleted":
        assert api.post(f"{PATH}/delete", {"ids": ["mine"]}, token=key).status == 200
    elif how == "off":
        put(api, key, "mine", {"disabled": True}, [])
    else:
        keep(api, "mine", "second", second=first)
    html = walk.html()
    assert "avow-at-error" in html
    assert walk.do("code", email="mia@example.com").refusal == (401, "E102004")


def test_sign_up_by_passkey_tells_nobody_who_exists_where_that_is_hidden(avow: Avow, api: Api) -> None:
    known, unknown = new_email(), new_email()
    make_user(avow, known)
    begun = {"known": Walk(api, "sign-up", options=CAN), "unknown": Walk(api, "sign-up", options=CAN)}
    for hides, told in ((False, "email"), (True, "passkey")):
        change_settings(avow, {"hides_existence": hides})
        avow.advance(2)
        for name, mail in (("known", known), ("unknown", unknown)):
            begun[name].start()
            begun[name].do("passkey", email=mail, origin=ORIGIN)
        assert (begun["known"].screen, begun["unknown"].screen) == (told, "passkey")
    assert begun["known"].error == ""


def test_sign_up_offers_no_password_that_tells_who_exists_where_that_is_hidden(avow: Avow, api: Api) -> None:
    walk = Walk(api, "sign-up")
    walk.start()
    assert 'id="password"' in walk.html()
    change_settings(avow, {"hides_existence": True})
    avow.advance(2)
    walk.start()
    html = walk.html()
    assert 'id="code"' in html
    assert 'id="password"' not in html


def test_link_that_is_opened_elsewhere_is_still_of_its_tenant(avow: Avow, api: Api) -> None:
    mail = new_email()
    make_user(avow, mail)
    walk = Walk(api, options={"tenant": "T1", "deviceInfo": {"webAuthnSupport": True}})
    walk.start()
    walk.do("link", email=mail)
    other = Walk(api, last=walk.last)
    begun = other.do("submit", token=api.link_token(mail))
    assert other.screen == "confirm-link"
    state = avow.run(lambda tx: executions.find(tx, begun["executionId"]).state)
    assert (state.tenant, state.can_webauthn) == ("T1", True)


def test_screen_of_a_sent_reset_notices_that_it_was_used(avow: Avow, api: Api) -> None:
    mail = with_password(avow, api)
    walk = ask_reset(api, mail)
    assert walk.repeat("polling")["action"] == "poll"
    other = Walk(api, "sign-in")
    other.start(token=api.link_token(mail))
    other.do("confirm")
    assert other.screen == "new-password"
    walk.do("polling")
    assert walk.error


def test_screen_of_a_reset_tells_nobody_who_exists(avow: Avow, api: Api) -> None:
    known, unknown = (ask_reset(api, mail) for mail in (with_password(avow, api), new_email()))
    for walk in (known, unknown):
        assert walk.repeat("polling")["action"] == "poll"


def test_link_of_a_reset_signs_nobody_in_where_no_password_is_chosen(avow: Avow, api: Api) -> None:
    mail = with_password(avow, api)
    ask_reset(api, mail)
    other = Walk(api, "magic-link")
    other.start(token=api.link_token(mail))
    other.do("confirm")
    assert (other.screen, bool(other.error)) == ("confirm-link", True)


@pytest.mark.parametrize("said", ["javascript:alert(1)", "a@b@c", "x" * 300, "mia"])
def test_last_login_id_that_nobody_could_have_typed_is_none(api: Api, said: str) -> None:
    walk = Walk(api, options={"lastAuth": {"loginId": said}})
    walk.start()
    assert said not in walk.html()
    walk.do("code")
    assert (walk.screen, bool(walk.error)) == ("email", True)


def test_number_of_the_last_time_gets_its_code_by_message(avow: Avow, api: Api) -> None:
    walk = Walk(api, options={"lastAuth": {"loginId": "+1 212 555 0100"}})
    walk.start()
    walk.do("code")
    assert walk.screen == "code"
    assert avow.code("+12125550100")


def test_tenants_are_shown_to_nobody_by_one_factor(avow: Avow, api: Api) -> None:
    change_settings(avow, {"mfa": "required"})
    avow.advance(2)
    mail = with_password(avow, api)
    user = api.get("/v1/mgmt/user", {"loginId": mail}, token=avow.management_key)["user"]
    join_tenant(avow, user["userId"], make_tenant(avow, "Acme"))
    keep(
        api,
        "mine",
        "first",
        first={"kind": "screen", "screen": "password", "on": {"sign-in": "check"}},
        check=act("check-password", {"done": "end", "second-factor": "where"}),
        where={"kind": "screen", "screen": "tenant", "on": {"go": "end"}},
    )
    walk = Walk(api, "mine")
    walk.start()
    walk.do("sign-in", email=mail, password="a horse that reads 7 maps")
    assert walk.screen == "tenant"
    assert "Acme" not in walk.html()
