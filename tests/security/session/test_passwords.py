"""S-SES-06: another password ends the sessions that began with the one before."""

from tests.bed.cases import Case
from tests.factories import new_email
from tests.security.calls import assert_refused
from tests.security.place import Place

GOOD = "correct horse battery"


def test_s_ses_06_password_set_by_management(case: Case, place: Place) -> None:
    key = place.avow.management_key
    case.control(lambda: place.api.refresh(place.open_session().refresh_jwt).status == 200)
    login_id = new_email()
    bystander = place.open_session()
    for how in ("active", "temporary"):
        sessions = [place.sign_in(login_id) for _ in range(3)]
        code, link = place.send_code(login_id), place.send_magic_link(login_id)
        body = {"loginId": login_id, "password": f"{GOOD} {how}"}
        assert place.api.post(f"/v1/mgmt/user/password/set/{how}", key, body).status == 200
        with case.cell("set by management" if how == "active" else "temporary, set by management"):
            for person in sessions:
                assert_refused(place.api.refresh(person.refresh_jwt), code="E064001")
                assert_refused(place.api.me(person.refresh_jwt))
        with case.cell(f"codes and links on their way are void, {how}"):
            assert_refused(place.verify_code(login_id, code))
            assert_refused(place.api.post("/v1/auth/magiclink/verify", body={"token": link}))
        with case.cell(f"nobody else's sessions end, {how}"):
            assert place.api.refresh(bystander.refresh_jwt).status == 200
