"""Locks that a tenant asks for its members: kept, and told to nobody who would learn by them who is one."""

from tests.factories import join_tenant, make_tenant, new_email
from tests.server.api import Api
from tests.server.password.people import OTHER, configure, make_person, sign_in
from tests.server.password.test_sign_in import LOCKED, WRONG, fail


def test_lock_of_a_tenant_is_told_to_nobody(api: Api) -> None:
    """Wrong ones are answered as those of a stranger are: by the project's settings."""
    email = _member(api, lockAttempts=3)
    stranger, nobody = make_person(api.avow)[0], new_email()
    assert fail(api, email, 11) == fail(api, stranger, 11) == fail(api, nobody, 11) == [WRONG] * 10 + [LOCKED]
    lenient = _member(api, lockAttempts=50)
    assert fail(api, lenient, 11) == [WRONG] * 10 + [LOCKED]


def test_lock_of_a_tenant_keeps_the_right_one_from_being_looked_at(api: Api) -> None:
    email = _member(api, lockAttempts=3)
    assert fail(api, email, 2) == [WRONG] * 2
    assert sign_in(api, email).status == 200
    assert fail(api, email, 3) == [WRONG] * 3
    api.clock.advance(899)
    assert sign_in(api, email).refusal == WRONG
    api.clock.advance(1)
    assert sign_in(api, email).status == 200


def test_lock_of_a_tenant_ends_with_another_password(api: Api) -> None:
    email = _member(api, lockAttempts=3)
    fail(api, email, 3)
    body = {"loginId": email, "password": OTHER}
    assert api.post("/v1/mgmt/user/password/set/active", body, token=api.avow.management_key).status == 200
    assert sign_in(api, email, OTHER).status == 200


def test_lock_of_a_tenant_is_told_to_whoever_was_signed_in_before(api: Api) -> None:
    email = _member(api, lockAttempts=3)
    token = sign_in(api, email)["refreshJwt"]
    assert [sign_in(api, email, OTHER, token=token).refusal for _ in range(4)] == [WRONG] * 3 + [LOCKED]


def _member(api: Api, **settings: object) -> str:
    email, user_id = make_person(api.avow)
    tenant_id = make_tenant(api.avow)
    join_tenant(api.avow, user_id, tenant_id)
    configure(api, tenant_id, **settings)
    return email
