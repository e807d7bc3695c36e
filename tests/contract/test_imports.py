"""Imports through the official SDK: who is there afterwards, and who was refused."""

import json
from typing import Any

import pytest

from tests.core.imports import samples
from tests.factories import new_email


@pytest.mark.operation("mgmt.user.import_users")
def test_imported_users_are_loaded_with_what_they_had(client: Any) -> None:
    answer = client.mgmt.user.import_users("auth0", samples.AUTH0, samples.AUTH0_HASHES)
    assert answer["failures"] == []
    for user in answer["users"]:
        assert client.mgmt.user.load_by_user_id(user["userId"])["user"] == user
    mia = client.mgmt.user.load("mia@example.com")["user"]
    assert (mia["givenName"], mia["verifiedEmail"], mia["password"], mia["status"]) == ("Mia", True, True, "enabled")
    assert client.mgmt.user.load("zoe@example.com")["user"]["status"] == "disabled"


@pytest.mark.operation("mgmt.user.import_users")
def test_dry_run_names_failures_and_imports_nobody(client: Any) -> None:
    email = new_email()
    client.mgmt.user.create(email)
    data = json.dumps([{"email": "new@example.com"}, {"email": email}]).encode()
    for dryrun in (True, False):
        answer = client.mgmt.user.import_users("auth0", data, dryrun=dryrun)
        assert [user["email"] for user in answer["users"]] == ["new@example.com"]
        assert [each["user"] for each in answer["failures"]] == [email]
        assert client.mgmt.user.search_all(emails=["new@example.com"])["total"] == int(not dryrun)
