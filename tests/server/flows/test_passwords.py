from avow.server.passwords import actions as passwords
from avow.testing.server import Avow
from tests.factories import change_settings, make_totp_seed, new_email
from tests.phones import holding
from tests.server.api import Api
from tests.server.flows.test_links import carried
from tests.server.flows.walking import Walk

PASSWORD = "a horse that reads 7 maps"
OTHER = "no two clouds are alike 9"


def sign_up(api: Api, mail: str) -> Walk:
    walk = Walk(api, "password")
    walk.start()
    walk.do("password", email=mail)
    assert walk.screen == "password"
    walk.do("sign-up")
    assert walk.screen == "new-password"
    walk.do("save", **{"new-password": PASSWORD})
    return walk


def walk_to_password(api: Api, mail: str) -> Walk:
    walk = Walk(api, "password")
    walk.start()
    walk.do("password", email=mail)
    return walk


def test_person_signs_up_and_in_by_password(api: Api) -> None:
    mail = new_email()
    walk = sign_up(api, mail)
    assert walk.last is not None
    assert walk.last["authInfo"]["user"]["loginIds"] == [mail]
    assert walk_to_password(api, mail).do("sign-in", password=PASSWORD)["status"] == "completed"


def test_wrong_password_and_nobody_are_told_alike(api: Api) -> None:
    mail = new_email()
    sign_up(api, mail)
    told = []
    for login_id in (mail, new_email()):
        walk = walk_to_password(api, login_id)
        walk.do("sign-in", password=OTHER)
        assert walk.screen == "password"
        told.append(walk.error)
    assert told[0] == told[1] != ""


def test_password_that_does_not_do_is_told_with_the_reason(api: Api) -> None:
    walk = walk_to_password(api, new_email())
    walk.do("sign-up")
    walk.do("save", **{"new-password": "short"})
    assert walk.screen == "new-password"
    assert walk.error
    walk.do("save", **{"new-password": PASSWORD})
    assert walk.last is not None
    assert walk.last["status"] == "completed"


def test_forgotten_password_is_chosen_anew(avow: Avow, api: Api) -> None:
    mail = new_email()
    first = api.sign_in(mail)
    api.post("/v1/auth/password/update", {"loginId": mail, "newPassword": PASSWORD}, token=first["refreshJwt"])
    walk = walk_to_password(api, mail)
    walk.do("forgot")
    assert walk.screen == "reset"
    assert mail in walk.html()
    walk.do("send", email=mail)
    assert walk.screen == "link-sent"
    walk.do("submit", token=carried(avow.link(mail))[1])
    assert walk.screen == "new-password"
    walk.do("save", **{"new-password": OTHER})
    assert walk.last is not None
    assert walk.last["status"] == "completed"
    assert walk_to_password(api, mail).do("sign-in", password=OTHER)["status"] == "completed"


def test_reset_of_nobody_looks_the_same(avow: Avow, api: Api) -> None:
    mail = new_email()
    walk = walk_to_password(api, mail)
    walk.do("forgot")
    walk.do("send", email=mail)
    assert walk.screen == "link-sent"
    assert avow.messages(mail) == []


def test_expired_password_is_replaced(avow: Avow, api: Api) -> None:
    mail = new_email()
    user_id = sign_up(api, mail).last["authInfo"]["user"]["userId"]  # type: ignore[index]  # it was answered
    avow.run(lambda tx: passwords.expire(tx, user_id))
    walk = walk_to_password(api, mail)
    walk.do("sign-in", password=PASSWORD)
    assert walk.screen == "new-password"
    walk.do("save", **{"old": PASSWORD, "new-password": OTHER})
    assert walk.last is not None
    assert walk.last["status"] == "completed"


def test_expired_password_is_replaced_by_the_second_factor(avow: Avow, api: Api) -> None:
    mail = new_email()
    user_id = sign_up(api, mail).last["authInfo"]["user"]["userId"]  # type: ignore[index]  # it was answered
    avow.run(lambda tx: passwords.expire(tx, user_id))
    phone = holding(make_totp_seed(avow, user_id))
    change_settings(avow, {"mfa": "enrolled"})
    api.clock.advance(2)
    walk = walk_to_password(api, mail)
    walk.do("sign-in", password=PASSWORD)
    walk.do("save", **{"old": PASSWORD, "new-password": OTHER})
    assert walk.screen == "totp"
    assert walk_to_password(api, mail).do("sign-in", password=OTHER)["status"] != "completed"
    assert walk.do("verify", code=phone.code(api.clock()))["status"] == "completed"
    again = walk_to_password(api, mail)
    again.do("sign-in", password=OTHER)
    assert again.screen == "totp"


def test_login_id_that_is_no_address_signs_in_by_password(avow: Avow, api: Api) -> None:
    user = {"loginId": "mia.may", "email": new_email(), "verifiedEmail": True}
    assert api.post("/v1/mgmt/user/create", user, token=avow.management_key).status == 200
    chosen = {"loginId": "mia.may", "password": PASSWORD}
    assert api.post("/v1/mgmt/user/password/set/active", chosen, token=avow.management_key).status == 200
    for flow in ("password", "sign-in", "sign-up-or-in"):
        walk = Walk(api, flow)
        walk.start()
        assert 'type="email"' not in walk.html()
        walk.do("password", email="mia.may")
        assert (walk.screen, walk.error) == ("password", "")
        assert walk.do("sign-in", password=PASSWORD)["status"] == "completed"
    walk.start()
    walk.do("code", email="mia.may")
    assert walk.screen == "email"


def test_nobody_signs_up_by_a_name_alone(api: Api) -> None:
    walk = walk_to_password(api, "mia.may")
    walk.do("sign-up")
    walk.do("save", **{"new-password": PASSWORD})
    assert walk.screen == "new-password"
    assert walk.error
