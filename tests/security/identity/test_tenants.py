"""S-IDN-01: what a caller of one tenant did to an account ends when the owner of its address comes."""

from typing import Any

from avow.server.keys import actions as keys
from tests.bed.cases import Case
from tests.factories import join_tenant, make_role, make_tenant, make_user, new_email, new_phone
from tests.security.calls import Answer, assert_refused
from tests.security.counting import send_back, state
from tests.security.password.people import GOOD, NEW, Owner
from tests.security.place import Place, person_of

USER = "/v1/mgmt/user"


class _Caller:
    """Somebody who manages tenant T1 and nothing else."""

    def __init__(self, place: Place, who: str) -> None:
        self.place, self.query = place, ""
        if who == "a key":
            self.token = place.avow.run(lambda tx: keys.create_management_key(tx, "t1", tenant_id="T1"))[1]
            return
        address = new_email("admin")
        join_tenant(place.avow, make_user(place.avow, address), "T1", [make_role(place.avow, "Tenant Admin")])
        self.token, self.query = place.sign_in(address).refresh_jwt, "?tenant=T1"

    def post(self, path: str, **body: Any) -> Answer:
        return self.place.api.post(f"{USER}/{path}{self.query}", self.token, body)

    def patch(self, **body: Any) -> Answer:
        api = self.place.api
        return api.carrier.send(api.wish("PATCH", f"{USER}/patch{self.query}", self.token, body))


def test_s_idn_01_what_a_tenant_did_before_the_owner_came(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: bool(place.sign_in()))
    for tenant_id in ("T1", "T2"):
        make_tenant(place.avow, tenant_id=tenant_id)
    for who in ("a key", "an administrator"):
        caller = _Caller(place, who)
        for then in ("left as it is", "replaced"):
            with case.cell(f"temporary password of {who}, {then}"):
                address = new_email()
                assert caller.post("create", loginId=address).status == 200
                assert caller.post("password/set/temporary", loginId=address, password=GOOD).status == 200
                planted = Owner(place, "", address, GOOD)
                session = person_of(address, planted.replace(GOOD)) if then == "replaced" else None
                owner = place.sign_in(address)
                assert place.api.me(owner.refresh_jwt).body["password"] is False
                join_tenant(place.avow, owner.id, "T2")
                for password in (GOOD, NEW):
                    assert_refused(planted.send(password), code="E062901")
                    assert_refused(planted.replace(password, "another way in"), code="E062901")
                if session is not None:
                    assert_refused(place.api.refresh(session.refresh_jwt))
        with case.cell(f"mailbox of {who} beside another's address"):
            address, theirs = new_email(), new_email("mallory")
            before = state(place)
            assert_refused(caller.post("create", loginId=address, email=theirs), 403, code="E019403")
            assert state(place) == before
            assert caller.post("create", loginId=address).status == 200
            assert_refused(caller.patch(loginId=address, email=theirs), 403, code="E019403")
            assert place.sign_in(address).login_id == address
            assert not place.avow.messages(theirs)
        with case.cell(f"number of {who} beside the owner's address"):
            address, theirs = new_email(), new_phone()
            assert caller.post("create", loginId=address).status == 200
            owner = place.sign_in(address)
            assert caller.patch(loginId=address, phone=theirs).status == 200
            assert_refused(place.api.post("/v1/auth/otp/signin/sms", body={"loginId": address}), 400)
            assert not place.avow.messages(theirs)
        with case.cell(f"number of {who} that signed in before the owner came"):
            address, theirs = new_email(), new_phone()
            assert caller.post("create", loginId=address, phone=theirs).status == 200
            assert place.api.post("/v1/auth/otp/signin/sms", body={"loginId": address}).status == 200
            session = person_of(address, send_back(place, address, place.avow.code(theirs), method="sms"))
            owner = place.sign_in(address)
            assert place.api.me(owner.refresh_jwt).body["phone"] == ""
            assert_refused(place.api.refresh(session.refresh_jwt))
