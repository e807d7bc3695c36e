"""POST /v1/mgmt/user/create, /create/test, /create/batch: users made and invited by management."""

from typing import Any

import pytest

from avow.server.accounts import rows as accounts
from avow.server.users import rows as users
from avow.testing.server import Avow
from tests.factories import change_settings, make_role, make_tenant, new_email, new_phone
from tests.server.api import Api, Statements, token_of

CREATE = "/v1/mgmt/user/create"


@pytest.fixture
def key(api: Api) -> str:
    return api.avow.management_key


def created(api: Api, **body: Any) -> Any:
    return api.post(CREATE, {"loginId": new_email(), **body}, token=api.avow.management_key)["user"]


def test_login_id_that_is_an_address_is_the_users_verified_one(api: Api) -> None:
    email = new_email()
    user = created(api, loginId=email)
    assert (user["email"], user["verifiedEmail"], user["status"]) == (email, True, "invited")
    assert user["loginIds"] == [email]


def test_other_address_is_not_verified_unless_it_is_said(api: Api) -> None:
    assert not created(api, loginId="name-1", email=new_email())["verifiedEmail"]
    assert created(api, loginId="name-2", email=new_email(), verifiedEmail=True)["verifiedEmail"]


def test_roles_tenants_names_and_picture_are_kept(api: Api, avow: Avow) -> None:
    make_role(avow, "Editor", ["write"])
    make_tenant(avow, tenant_id="acme")
    user = created(
        api,
        displayName="Mia",
        givenName="Mia",
        familyName="Moe",
        picture="https://example.com/mia.png",
        roleNames=["Editor"],
        userTenants=[{"tenantId": "acme", "roleNames": ["Editor"]}],
        additionalLoginIds=["mia"],
    )
    assert (user["name"], user["familyName"], user["roleNames"]) == ("Mia", "Moe", ["Editor"])
    assert user["permissions"] == ["write"]
    (tenant,) = user["userTenants"]
    assert (tenant["tenantId"], tenant["roleNames"], tenant["permissions"]) == ("acme", ["Editor"], ["write"])
    assert "mia" in user["loginIds"]


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"roleNames": ["Nobody"]}, (400, "E011004")),
        ({"userTenants": [{"tenantId": "nowhere"}]}, (404, "E019404")),
        ({"customAttributes": {"unknown": 1}}, (400, "E011004")),
        ({"status": "expired"}, (400, "E011004")),
        ({"ssoAppIDs": ["app"]}, (404, "E019404")),
        ({"familyAssociations": [{"familyId": "F1"}]}, (501, "E019501")),
    ],
)
def test_what_cannot_be_given_refuses_the_whole_user(
    api: Api, key: str, body: dict[str, Any], refusal: tuple[int, str]
) -> None:
    email = new_email()
    assert api.post(CREATE, {"loginId": email, **body}, token=key).refusal == refusal
    assert api.get("/v1/mgmt/user", {"loginId": email}, token=key).refusal == (404, "E112102")


def test_taken_login_id_is_refused(api: Api, key: str) -> None:
    user = created(api)
    assert api.post(CREATE, {"loginId": user["loginIds"][0].upper()}, token=key).refusal == (400, "E062107")


def test_without_a_management_key_nothing_is_created(api: Api) -> None:
    assert api.post(CREATE, {"loginId": new_email()}).status == 401


def test_invitation_signs_in_and_enables(api: Api, avow: Avow, key: str) -> None:
    change_settings(avow, {"invite_url": "https://app.example.com/welcome"})
    avow.advance(1)
    email = new_email()
    api.post(CREATE, {"loginId": email, "invite": True}, token=key)
    link = avow.link(email)
    assert link.startswith("https://app.example.com/welcome?")
    session = api.post("/v1/auth/magiclink/verify", {"token": token_of(link)})
    assert (session["user"]["status"], session["user"]["verifiedEmail"]) == ("enabled", True)


def test_batch_invites_everybody_it_creates_and_names_who_it_cannot(api: Api, avow: Avow, key: str) -> None:
    first, second = new_email(), new_email()
    users = [{"loginId": first}, {"loginId": second}]
    made = api.post(f"{CREATE}/batch", {"users": users, "invite": True}, token=key)
    assert [user["email"] for user in made["createdUsers"]] == [first, second]
    assert avow.link(first) != avow.link(second)
    third = new_email()
    again = [{"loginId": second, "displayName": "Eva"}, {"loginId": third}, {"loginId": third.upper()}]
    answer = api.post(f"{CREATE}/batch", {"users": again, "invite": True}, token=key)
    assert [user["email"] for user in answer["createdUsers"]] == [third]
    assert avow.link(third)
    assert [each["user"]["loginIds"] for each in answer["failedUsers"]] == [[second], [third.upper()]]
    assert all(each["failure"] for each in answer["failedUsers"])
    assert api.get("/v1/mgmt/user", {"loginId": second}, token=key)["user"]["name"] == ""


def test_batch_without_a_mistake_is_one_unit(api: Api, key: str, statements: Statements) -> None:
    body = {"users": [{"loginId": new_email()}, {"loginId": new_email()}]}
    with statements:
        assert len(api.post(f"{CREATE}/batch", body, token=key)["createdUsers"]) == 2
    shown = [each for each in statements.ran if each.startswith(users.PROFILES.partition("(:user_ids)")[0])]
    assert len(shown) == 1


def test_nothing_is_sent_to_a_test_user(api: Api, avow: Avow, key: str) -> None:
    email = new_email()
    user = api.post(f"{CREATE}/test", {"loginId": email, "invite": True}, token=key)["user"]
    assert user["test"]
    assert avow.server.inbox.messages(email) == []


def test_number_that_an_administrator_marked_stays_when_the_address_is_first_proven(api: Api) -> None:
    """Control: of somebody who signed up with a stranger's address, the number goes (tests/security/identity)."""
    email, phone = new_email(), new_phone()
    created(api, loginId=email, verifiedEmail=False, phone=phone, verifiedPhone=True)
    user = api.sign_in(email)["user"]
    assert (user["verifiedEmail"], user["phone"], user["verifiedPhone"]) == (True, phone, True)


def test_statements_of_creating_and_loading(api: Api, avow: Avow, key: str, statements: Statements) -> None:
    make_role(avow, "Editor")
    make_tenant(avow, tenant_id="acme")
    body = {"loginId": new_email(), "roleNames": ["Editor"], "userTenants": [{"tenantId": "acme"}]}
    with statements:
        user = api.post(CREATE, body, token=key)["user"]
    assert _of_users(statements) == [
        "users.INSERT",
        "users.CLAIM_LOGIN_ID",
        "accounts.ROLES",
        "accounts.GRANT",
        "accounts.TENANTS",
        "accounts.JOIN",
        "accounts.GRANT_DEFAULTS",
        "users.PROFILES",
    ]
    with statements:
        api.get("/v1/mgmt/user", {"userId": user["userId"]}, token=key)
    assert _of_users(statements) == ["users.PROFILES"]


def _of_users(statements: Statements) -> list[str]:
    """Return the statements on users; those of lists, whose text differs from the constant, by what they begin with."""
    slices = ("users.", "accounts.", "attributes.")
    return [name for name in map(_named, statements.ran) if name.startswith(slices)]


def _named(statement: str) -> str:
    lists = {"accounts": accounts, "users": users}
    for slice_name, module in lists.items():
        for name, value in vars(module).items():
            if name.isupper() and isinstance(value, str) and "IN (:" in value:
                head, _, tail = value.partition("IN (:")
                if statement.startswith(head) and tail:
                    return f"{slice_name}.{name}"
    return statement
