"""How somebody came in the last time, as the component keeps it in their browser and says it at the next start."""

from typing import Any

import pytest

from avow.testing.server import Avow
from tests.bed.authenticator import Authenticator
from tests.bed.social import Social
from tests.bed.tenant_idp import TenantIdp
from tests.bed.visitor import Visitor
from tests.factories import change_settings, make_recovery_codes, make_tenant, make_totp_seed, make_user, new_email
from tests.phones import holding
from tests.server.api import Api, Reply
from tests.server.flows.test_code import walk_to_code
from tests.server.flows.test_links import carried, walk_to_link
from tests.server.flows.test_passkeys import CAN, ORIGIN, shown, with_passkey
from tests.server.flows.test_passwords import PASSWORD, sign_up, walk_to_password
from tests.server.flows.walking import PAGE, Walk


def last(reply: Reply) -> tuple[str, str]:
    said = reply["lastAuth"]
    return said["authMethod"], said["loginId"]


def test_code_and_link_are_told_apart_from_their_sending_on(api: Api) -> None:
    mail, other, third = new_email(), new_email(), new_email()
    walk = walk_to_code(api, mail)
    assert walk.last is not None
    assert last(walk.last) == ("otp", mail)
    assert last(walk.do("verify", code=api.avow.code(mail))) == ("otp", mail)
    walk = walk_to_link(api, other)
    assert walk.last is not None
    assert last(walk.last) == ("magiclink", other)
    assert last(walk.do("submit", token=carried(api.avow.link(other))[1])) == ("magiclink", other)
    walk = Walk(api)
    walk.start()
    assert last(walk.do("number", email=third)) == ("enchantedlink", third)


def test_password_is_the_way_of_its_reset_too(avow: Avow, api: Api) -> None:
    mail = new_email()
    sign_up(api, mail)
    assert last(walk_to_password(api, mail).do("sign-in", password=PASSWORD)) == ("password", mail)
    walk = walk_to_password(api, mail)
    walk.do("forgot")
    assert last(walk.do("send", email=mail)) == ("password", mail)
    walk.do("submit", token=carried(avow.link(mail))[1])
    assert last(walk.do("save", **{"new-password": "no two clouds are alike 9"})) == ("password", mail)


def test_passkey_says_whose_it_is_whatever_was_typed(api: Api) -> None:
    mail, device = new_email(), Authenticator()
    with_passkey(api, device, mail)
    walk = Walk(api, options=CAN)
    walk.start()
    walk.do("code", email=new_email())
    walk.do("back")
    assert last(walk.do("submit", **shown(device, walk.do("passkey", origin=ORIGIN)))) == ("webauthn", mail)


def test_provider_is_named(api: Api, social: Social, visitor: Visitor) -> None:
    walk = Walk(api)
    walk.start()
    back = social.come_back(social.open(walk.do("social.acme")["redirect"]["url"], visitor))
    done = walk.do("submit", exchangeCode=back.code)
    assert last(done) == ("oauth", done["authInfo"]["user"]["loginIds"][0])
    assert done["lastAuth"]["oauthProvider"] == "acme"


def test_tenant_is_another_way(avow: Avow, api: Api, visitor: Visitor) -> None:
    idp = TenantIdp(avow, make_tenant(avow, tenant_id="T1"))
    idp.configure(redirect_url=PAGE)
    walk = Walk(api, "sso")
    walk.start()
    journey = idp.follow(walk.do("sso", email="mia@example.com")["redirect"]["url"], visitor)
    back = idp.arrive(journey, name_id="mia@example.com", attributes={"email": ("mia@example.com",), "name": ("Mia",)})
    done = walk.do("submit", exchangeCode=back.code)
    assert last(done) == ("sso", "mia@example.com")
    assert done["lastAuth"]["name"] == "Mia"


def test_second_factor_changes_nothing_about_the_first(avow: Avow, api: Api) -> None:
    change_settings(avow, {"mfa": "enrolled"})
    avow.advance(2)
    mail = new_email()
    phone = holding(make_totp_seed(avow, make_user(avow, mail)))
    walk = walk_to_code(api, mail)
    walk.do("verify", code=avow.code(mail))
    assert last(walk.do("verify", code=phone.code(api.clock()))) == ("otp", mail)


def test_recovery_code_is_a_way(avow: Avow, api: Api) -> None:
    mail = new_email()
    codes = make_recovery_codes(avow, make_user(avow, mail))
    walk = Walk(api, "recovery")
    walk.start()
    assert last(walk.do("verify", email=mail, code=codes[0])) == ("recoverycodes", mail)


@pytest.mark.parametrize(("flow_id", "screen"), [("update-user", "profile"), ("step-up", "totp")])
def test_whoever_is_signed_in_comes_by_no_way(avow: Avow, api: Api, flow_id: str, screen: str) -> None:
    mail = new_email()
    phone = holding(make_totp_seed(avow, make_user(avow, mail)))
    walk = Walk(api, flow_id, token=api.sign_in(mail)["refreshJwt"])
    walk.start()
    assert walk.screen == screen
    typed: dict[str, Any] = {"name": "Mia"} if screen == "profile" else {"code": phone.code(api.clock())}
    done = walk.do("save" if screen == "profile" else "verify", **typed)
    assert done["status"] == "completed"
    assert "lastAuth" not in done.body


def test_what_the_browser_kept_fills_the_field(api: Api) -> None:
    mail = new_email()
    walk = Walk(api, options={"lastAuth": {"authMethod": "otp", "loginId": mail}})
    walk.start()
    assert f'value="{mail}"' in walk.html()
