import pytest

from avow.testing.server import Avow
from tests.bed.tenant_idp import TenantIdp
from tests.bed.visitor import Visitor
from tests.factories import change_settings, make_tenant, make_totp_seed, new_email, new_phone
from tests.phones import holding
from tests.server.api import Api, token_of
from tests.server.flows.test_code import walk_to_code
from tests.server.flows.walking import PAGE, Walk

PERSON = {"email": ("mia@example.com",), "name": ("Mia",)}
PASSWORD = "a horse that reads 7 maps"


@pytest.fixture
def mail(avow: Avow, api: Api) -> str:
    """Give somebody with a password and a proven address, in a project that asks everybody for two factors."""
    change_settings(avow, {"mfa": "required"})
    avow.advance(2)
    return with_password(avow, api)


def with_password(avow: Avow, api: Api, *, is_proven: bool = True, phone: str = "") -> str:
    mail = new_email()
    user = {"loginId": mail, "email": mail, "verifiedEmail": is_proven}
    user |= {"phone": phone, "verifiedPhone": True} if phone else {}
    assert api.post("/v1/mgmt/user/create", user, token=avow.management_key).status == 200
    chosen = {"loginId": mail, "password": PASSWORD}
    assert api.post("/v1/mgmt/user/password/set/active", chosen, token=avow.management_key).status == 200
    return mail


def by_code(api: Api, mail: str) -> Walk:
    walk = walk_to_code(api, mail)
    walk.do("verify", code=api.avow.code(mail))
    return walk


def by_password(api: Api, mail: str, flow: str = "sign-in") -> Walk:
    walk = Walk(api, flow)
    walk.start()
    walk.do("password", email=mail)
    walk.do("sign-in", password=PASSWORD)
    return walk


def test_password_is_the_second_factor_of_a_code(api: Api, mail: str) -> None:
    walk = by_code(api, mail)
    assert (walk.screen, walk.error) == ("password", "")
    html = walk.html()
    assert mail in html
    assert 'id="forgot"' not in html
    walk.do("sign-in", password="another one 8")
    assert walk.screen == "password"
    assert walk.error
    done = walk.do("sign-in", password=PASSWORD)
    claims = api.avow.client().validate_session(done["authInfo"]["sessionJwt"])
    assert {"email", "pwd"} <= set(claims["amr"])


def test_password_that_has_expired_is_no_second_factor_and_says_so(avow: Avow, api: Api, mail: str) -> None:
    chosen = {"loginId": mail, "password": PASSWORD}
    assert api.post("/v1/mgmt/user/password/set/temporary", chosen, token=avow.management_key).status == 200
    walk = by_code(api, mail)
    walk.do("sign-in", password=PASSWORD)
    assert (walk.screen, bool(walk.error)) == ("password", True)


def test_password_of_somebody_else_is_no_second_factor(avow: Avow, api: Api, mail: str) -> None:
    other = with_password(avow, api)
    strong = {"loginId": mail, "password": "seven grey boats in 9 rows"}
    assert api.post("/v1/mgmt/user/password/set/active", strong, token=avow.management_key).status == 200
    walk = by_code(api, mail)
    walk.do("sign-in", password=PASSWORD, email=other)
    assert walk.screen == "password"
    assert walk.error


def test_password_follows_a_link_and_a_number(api: Api, mail: str) -> None:
    walk = Walk(api)
    walk.start()
    walk.do("link", email=mail)
    walk.do("submit", token=api.link_token(mail))
    assert walk.screen == "password"
    walk = Walk(api)
    walk.start()
    sent = walk.do("number", email=mail)
    number = sent["screen"]["state"]["linkId"]
    right = next(token_of(each.url) for each in api.avow.messages(mail)[0].links if each.id == number)
    api.post("/v1/auth/enchantedlink/verify", {"token": right})
    walk.do("polling")
    assert walk.screen == "password"
    assert walk.do("sign-in", password=PASSWORD)["status"] == "completed"


def test_password_is_listed_among_several_factors(avow: Avow, api: Api, mail: str) -> None:
    phone = new_phone()
    walk = by_code(api, with_password(avow, api, phone=phone))
    assert walk.screen == "factors"
    html = walk.html()
    assert 'id="password"' in html
    assert 'id="sms"' in html
    walk.do("password")
    assert walk.screen == "password"
    assert 'id="others"' in walk.html()
    assert walk.do("sign-in", password=PASSWORD)["status"] == "completed"


def test_link_is_the_second_factor_where_no_codes_are_sent(avow: Avow, api: Api, mail: str) -> None:
    change_settings(avow, {"mfa": "required", "sign_in_methods": ("password", "magiclink")})
    avow.advance(2)
    walk = by_password(api, mail)
    assert (walk.screen, walk.error) == ("link-sent", "")
    walk.do("resend")
    assert (walk.screen, walk.error) == ("link-sent", "")
    done = walk.do("submit", token=api.link_token(mail))
    assert {"pwd", "email"} <= set(avow.client().validate_session(done["authInfo"]["sessionJwt"])["amr"])


def test_number_is_the_second_factor_where_nothing_else_is_sent(avow: Avow, api: Api, mail: str) -> None:
    change_settings(avow, {"mfa": "required", "sign_in_methods": ("password", "enchantedlink")})
    avow.advance(2)
    walk = by_password(api, mail)
    assert (walk.screen, walk.error) == ("enchanted", "")
    assert walk.last is not None
    number = walk.last["screen"]["state"]["linkId"]
    right = next(token_of(each.url) for each in api.avow.messages(mail)[0].links if each.id == number)
    api.post("/v1/auth/enchantedlink/verify", {"token": right})
    assert walk.do("polling")["status"] == "completed"


def test_step_up_takes_the_password_of_whoever_has_nothing_else(avow: Avow, api: Api) -> None:
    mail = with_password(avow, api, is_proven=False)
    entered = api.post("/v1/auth/password/signin", {"loginId": mail, "password": PASSWORD})
    walk = Walk(api, "step-up", token=entered["refreshJwt"])
    walk.start()
    assert walk.screen == "password"
    walk.do("sign-in", password="another one 8")
    assert walk.screen == "password"
    done = walk.do("sign-in", password=PASSWORD)
    assert avow.client().validate_session(done["authInfo"]["sessionJwt"]).get("su") is True


@pytest.mark.parametrize("said", [(), ("https://refeds.org/profile/mfa",)])
def test_flow_of_two_factors_believes_an_identity_provider_only_what_it_says(
    avow: Avow, api: Api, visitor: Visitor, said: tuple[str, ...]
) -> None:
    idp = TenantIdp(avow, make_tenant(avow, tenant_id="T1"))
    idp.configure(redirect_url=PAGE)
    walk = Walk(api, "mfa")
    walk.start()
    journey = idp.follow(walk.do("sso", email="mia@example.com")["redirect"]["url"], visitor)
    told = {"context": said[0]} if said else {}
    back = idp.arrive(journey, name_id="mia@example.com", attributes=PERSON, **told)
    done = walk.do("submit", exchangeCode=back.code)
    assert done["status"] == ("completed" if said else "waiting")
    if not said:
        assert walk.screen == "code"
        assert walk.do("verify", code=avow.code("mia@example.com"))["status"] == "completed"


def test_flow_of_two_factors_asks_for_the_app_after_an_identity_provider(
    avow: Avow, api: Api, visitor: Visitor
) -> None:
    idp = TenantIdp(avow, make_tenant(avow, tenant_id="T1"))
    idp.configure(redirect_url=PAGE)

    def come(flow: str) -> Walk:
        walk = Walk(api, flow)
        walk.start()
        journey = idp.follow(walk.do("sso", email="mia@example.com")["redirect"]["url"], visitor)
        back = idp.arrive(journey, name_id="mia@example.com", attributes=PERSON)
        walk.do("submit", exchangeCode=back.code)
        return walk

    first = come("sso").last
    assert first is not None
    phone = holding(make_totp_seed(avow, first["authInfo"]["user"]["userId"]))
    walk = come("mfa")
    assert walk.screen == "totp"
    assert walk.do("verify", code=phone.code(api.clock()))["status"] == "completed"


def test_step_up_by_link_where_no_codes_are_sent(avow: Avow, api: Api) -> None:
    mail = new_email()
    session = api.sign_in(mail)
    change_settings(avow, {"sign_in_methods": ("magiclink",)})
    avow.advance(2)
    walk = Walk(api, "step-up", token=session["refreshJwt"])
    walk.start()
    assert walk.screen == "link-sent"
    done = walk.do("submit", token=api.link_token(mail))
    assert avow.client().validate_session(done["authInfo"]["sessionJwt"]).get("su") is True
