import pytest

from avow.testing.server import Avow
from tests.factories import change_settings, make_recovery_codes, make_totp_seed, make_user, new_email
from tests.phones import Phone, holding, scanning
from tests.server.api import Api
from tests.server.flows.test_code import walk_to_code
from tests.server.flows.walking import Walk


@pytest.fixture
def mail(avow: Avow) -> str:
    """Give somebody whose project asks those who have an app for it."""
    change_settings(avow, {"mfa": "enrolled"})
    avow.advance(2)
    return new_email()


def with_app(avow: Avow, mail: str) -> Phone:
    return holding(make_totp_seed(avow, make_user(avow, mail)))


def to_the_app(api: Api, mail: str) -> Walk:
    walk = walk_to_code(api, mail)
    walk.do("verify", code=api.avow.code(mail))
    assert walk.screen == "totp"
    return walk


def test_app_is_asked_for_after_the_code(avow: Avow, api: Api, mail: str) -> None:
    phone = with_app(avow, mail)
    walk = to_the_app(api, mail)
    walk.do("verify", code="000000")
    assert walk.screen == "totp"
    assert walk.error
    done = walk.do("verify", code=phone.code(api.clock()))
    claims = avow.client().validate_session(done["authInfo"]["sessionJwt"])
    assert set(claims["amr"]) == {"email", "totp", "mfa"}
    assert done["authInfo"]["user"]["email"] == mail


def test_recovery_code_stands_in_for_the_app(avow: Avow, api: Api, mail: str) -> None:
    user_id = make_user(avow, mail)
    make_totp_seed(avow, user_id)
    codes = make_recovery_codes(avow, user_id)
    walk = to_the_app(api, mail)
    walk.do("others")
    assert walk.screen == "factors"
    assert 'id="recovery"' in walk.html()
    walk.do("recovery")
    walk.do("verify", code="AAAA-AAAA-AAAA")
    assert walk.screen == "recovery"
    assert walk.do("verify", code=codes[0].lower())["status"] == "completed"


def test_whoever_has_nothing_to_show_sets_an_app_up(avow: Avow, api: Api, mail: str) -> None:
    change_settings(avow, {"mfa": "required"})
    avow.advance(2)
    walk = walk_to_code(api, mail)
    shown = walk.do("verify", code=avow.code(mail))
    assert walk.screen == "totp-setup"
    seed = shown["screen"]["state"]["totp"]
    html = walk.html()
    assert seed["key"] not in html
    assert seed["image"][:60] not in html
    kept = walk.do("verify", code=scanning(seed["image"]).code(api.clock()))
    assert walk.screen == "recovery-codes"
    codes = kept["screen"]["state"]["recovery"]
    assert len(codes) == 10
    assert codes["c0"] not in walk.html()
    done = walk.do("go")
    assert done["authInfo"]["user"]["TOTP"] is True


def test_flow_of_two_factors_asks_for_a_second_whatever_the_project_says(avow: Avow, api: Api) -> None:
    mail = new_email()
    phone = with_app(avow, mail)
    walk = Walk(api, "mfa")
    walk.start()
    walk.do("code", email=mail)
    walk.do("verify", code=avow.code(mail))
    assert walk.screen == "totp"
    assert walk.do("verify", code=phone.code(api.clock()))["status"] == "completed"


def test_step_up_asks_the_one_who_is_signed_in(avow: Avow, api: Api) -> None:
    mail = new_email()
    phone = with_app(avow, mail)
    session = api.sign_in(mail)
    walk = Walk(api, "step-up", token=session["refreshJwt"])
    walk.start()
    assert walk.screen == "totp"
    done = walk.do("verify", code=phone.code(api.clock()))
    claims = avow.client().validate_session(done["authInfo"]["sessionJwt"])
    assert claims.get("su") is True


def test_step_up_by_mail_where_there_is_no_app(avow: Avow, api: Api) -> None:
    mail = new_email()
    session = api.sign_in(mail)
    walk = Walk(api, "step-up", token=session["refreshJwt"])
    walk.start()
    assert walk.screen == "code"
    done = walk.do("verify", code=avow.code(mail))
    assert avow.client().validate_session(done["authInfo"]["sessionJwt"]).get("su") is True


@pytest.mark.parametrize("flow", ["step-up", "update-user", "add-passkey"])
def test_flows_of_the_signed_in_begin_for_nobody_else(api: Api, flow: str) -> None:
    assert Walk(api, flow).start().status == 401
    session = api.sign_in()
    api.post("/v1/auth/logout", token=session["refreshJwt"])
    assert Walk(api, flow, token=session["refreshJwt"]).start().status == 401


def test_recovery_code_signs_in_alone(avow: Avow, api: Api) -> None:
    mail = new_email()
    codes = make_recovery_codes(avow, make_user(avow, mail))
    walk = Walk(api, "recovery")
    walk.start()
    assert walk.screen == "recovery"
    walk.do("verify", email=mail, code="AAAA-AAAA-AAAA")
    assert walk.screen == "recovery"
    assert walk.do("verify", email=mail, code=codes[0])["authInfo"]["user"]["email"] == mail


def test_profile_is_changed_and_an_address_proven(avow: Avow, api: Api) -> None:
    mail, other = new_email(), new_email()
    session = api.sign_in(mail)
    walk = Walk(api, "update-user", token=session["refreshJwt"])
    walk.start()
    assert walk.screen == "profile"
    assert mail in walk.html()
    walk.do("save", name="Mia May", email=other, phone="")
    assert walk.screen == "code"
    assert avow.client().me(session["refreshJwt"])["email"] == mail
    done = walk.do("verify", code=avow.code(other))
    assert done["status"] == "completed"
    me = avow.client().me(done["authInfo"]["refreshJwt"])
    assert (me["name"], me["email"]) == ("Mia May", other)


def test_profile_without_another_address_is_saved_at_once(avow: Avow, api: Api) -> None:
    mail = new_email()
    session = api.sign_in(mail)
    walk = Walk(api, "update-user", token=session["refreshJwt"])
    walk.start()
    done = walk.do("save", name="Mia", email=mail, phone="")
    assert done["authInfo"]["user"]["name"] == "Mia"
