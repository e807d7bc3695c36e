"""Flows that are begun in a live session: what becomes of that session, and of its profile."""

from typing import Any

from avow.server.flows import executions
from avow.testing.server import Avow
from tests.factories import change_settings, join_tenant, make_tenant, make_totp_seed, make_user, new_email
from tests.phones import holding
from tests.server.api import Api
from tests.server.flows.test_flows import put
from tests.server.flows.test_second_password import PASSWORD
from tests.server.flows.walking import PAGE, Walk


def forgotten(avow: Avow) -> None:
    avow.advance(1801)
    avow.run(lambda tx: executions.forget(tx, 10))


def test_page_may_refresh_the_session_while_its_flow_goes_on(avow: Avow, api: Api) -> None:
    change_settings(avow, {"rotation": "always"})
    avow.advance(2)
    token = api.sign_in(new_email())["refreshJwt"]
    walk = Walk(api, "update-user", token=token)
    walk.start()
    api.clock.advance(600)
    newer = api.refresh(token)["refreshJwt"]
    assert newer != token
    api.clock.advance(60)
    walk.later_token = newer
    done = walk.do("save", name="Mia")
    assert (done["status"], walk.error if done["status"] == "waiting" else "") == ("completed", "")
    assert done["authInfo"]["user"]["name"] == "Mia"
    assert api.refresh(done["authInfo"]["refreshJwt"]).status == 200


def test_token_of_another_session_is_none_of_the_flow(avow: Avow, api: Api) -> None:
    mail, other = new_email(), new_email()
    walk = Walk(api, "update-user", token=api.sign_in(mail)["refreshJwt"])
    walk.start()
    walk.later_token = api.sign_in(other)["refreshJwt"]
    done = walk.do("save", name="Mia")
    assert done["authInfo"]["user"]["email"] == mail


def test_session_in_which_a_tenant_is_chosen_outlives_an_abandoned_flow(avow: Avow, api: Api) -> None:
    mail = new_email()
    tenant = make_tenant(avow, "Acme")
    join_tenant(avow, make_user(avow, mail), tenant)
    token = api.sign_in(mail)["refreshJwt"]
    steps: dict[str, Any] = {
        "begin": {"kind": "act", "do": "require-session", "on": {"done": "where"}},
        "where": {"kind": "screen", "screen": "tenant", "on": {"go": "choose"}},
        "choose": {"kind": "act", "do": "choose-tenant", "on": {"done": "again"}},
        "again": {"kind": "screen", "screen": "consent", "on": {"agree": "end"}},
        "end": {"kind": "done"},
    }
    put(api, avow.management_key, "pick", {"dsl": {"start": "begin", "steps": steps}}, [])
    walk = Walk(api, "pick", token=token)
    walk.start()
    walk.do("go", tenant=tenant)
    assert walk.screen == "consent"
    done = walk.repeat("agree")
    assert avow.client().validate_session(done["authInfo"]["sessionJwt"])["dct"] == tenant
    second = Walk(api, "pick", token=token)
    second.start()
    second.do("go", tenant=tenant)
    forgotten(avow)
    assert api.refresh(token).status == 200


def test_second_sign_in_of_a_flow_leaves_no_session_of_the_first(avow: Avow, api: Api) -> None:
    mail = new_email()
    phone = holding(make_totp_seed(avow, make_user(avow, mail)))
    walk = Walk(api, "mfa")
    walk.start()
    for _ in range(2):
        walk.do("code", email=mail)
        walk.do("verify", code=avow.code(mail))
        assert walk.screen == "totp"
        walk.do("back")
        assert walk.screen == "email"
    walk.do("code", email=mail)
    walk.do("verify", code=avow.code(mail))
    done = walk.do("verify", code=phone.code(api.clock()))
    assert len(api.get("/v1/auth/avow/sessions", token=done["authInfo"]["refreshJwt"])["sessions"]) == 1


def test_ended_session_is_not_signed_in(avow: Avow, api: Api) -> None:
    steps: dict[str, Any] = {
        "which": {"kind": "choice", "cases": [{"when": "signed-in", "to": "end"}], "otherwise": "first"},
        "first": {"kind": "screen", "screen": "email", "on": {"code": "end"}},
        "end": {"kind": "done"},
    }
    put(api, avow.management_key, "skip", {"dsl": {"start": "which", "steps": steps}}, [])
    token = api.sign_in()["refreshJwt"]
    assert Walk(api, "skip", token=token).start()["status"] == "completed"
    api.post("/v1/auth/logout", token=token)
    walk = Walk(api, "skip", token=token)
    walk.start()
    assert walk.screen == "email"


def test_profile_is_as_it_was_typed_for_whoever_comes_back_from_the_code(avow: Avow, api: Api) -> None:
    mail, other = new_email(), new_email()
    walk = Walk(api, "update-user", token=api.sign_in(mail)["refreshJwt"])
    walk.start()
    walk.do("save", name="Mia Maier", email=other)
    assert walk.screen == "code"
    walk.do("back")
    assert walk.screen == "profile"
    html = walk.html()
    assert "Mia Maier" in html
    assert other in html


def test_name_is_saved_where_no_codes_are_sent_and_the_address_is_unproven(avow: Avow, api: Api) -> None:
    change_settings(avow, {"sign_in_methods": ("password",)})
    avow.advance(2)
    mail = new_email()
    token = api.post("/v1/auth/password/signup", {"loginId": mail, "password": PASSWORD})["refreshJwt"]
    walk = Walk(api, "update-user", token=token)
    walk.start()
    done = walk.do("save", name="Mia", email=mail)
    assert done["status"] == "completed"
    assert done["authInfo"]["user"]["name"] == "Mia"


def test_long_address_of_a_page_is_ignored(api: Api) -> None:
    walk = Walk(api, page=f"{PAGE}?state={'x' * 3000}")
    assert walk.start().status == 200
    walk.do("code", email=new_email())
    assert walk.screen == "code"
