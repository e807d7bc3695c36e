"""JWT templates through our own SDK, in both colours."""

import asyncio
from typing import Any

import pytest

from avow import AuthException
from avow.testing.server import Avow


def test_template_from_its_making_to_its_end(avow: Avow) -> None:
    templates = avow.client().mgmt.jwt_template
    made = templates.create({"name": "mine", "template": {"a": 1}})["template"]
    assert templates.load(made["id"])["template"] == made
    changed = templates.update({**made, "template": {"a": 2}})["template"]
    assert templates.list_all() == {"templates": [changed]}
    assert templates.validate(made["id"]) == {"valid": True, "issues": []}
    assert templates.validate(template={"name": "x", "template": {"sub": "x"}})["issues"][0]["code"] == "reserved"
    entry = templates.list_library()["entries"][0]
    assert templates.load_library_entry(entry["id"])["entry"] == entry
    assert templates.apply_from_library(entry["id"], "theirs", "d")["template"]["source"] == entry["id"]
    templates.delete(made["id"])
    with pytest.raises(AuthException) as gone:
        templates.load(made["id"])
    assert gone.value.status_code == 404


def test_what_cannot_be_one_is_not_sent(avow: Avow) -> None:
    templates = avow.client().mgmt.jwt_template
    wrong: list[dict[str, Any]] = [{"name": 7}, {"name": "x" * 300}, {"template": []}]
    for template in wrong:
        with pytest.raises(AuthException) as refused:
            templates.create(template)
        assert refused.value.status_code == 400
    for call in (lambda: templates.update({"name": "x"}), lambda: templates.load(""), templates.validate):
        with pytest.raises(AuthException):
            call()


def test_asynchronous_twin(avow: Avow) -> None:
    async def act() -> list[str]:
        templates = avow.async_client().mgmt.jwt_template
        made = await templates.create({"name": "mine"})
        await templates.delete(made["template"]["id"])
        return [each["id"] for each in (await templates.list_all())["templates"]]

    assert asyncio.run(act()) == []
