"""Flows that management runs through our own SDK, in both colours."""

import asyncio
from typing import Any

import pytest

from avow import AuthException, FlowRunOptions
from avow.testing.server import Avow
from tests.factories import new_email

REMIND: dict[str, Any] = {
    "start": "send",
    "steps": {
        "send": {"kind": "act", "do": "send-code", "given": {"does": "sign-up"}, "on": {"sent": "end"}},
        "end": {"kind": "done"},
    },
}


def test_flow_of_acts_is_run_and_says_what_came_of_it(avow: Avow) -> None:
    flows, mail, other = avow.client().mgmt.flow, new_email(), new_email()
    flows.import_flow("remind", {"dsl": REMIND}, [])
    output = flows.run_flow("remind", {"input": {"email": mail}})["output"]
    assert (output["status"], output["loginId"]) == ("completed", mail)
    ran = flows.run_flow_async("remind", FlowRunOptions(flow_input={"email": other}, tenant="T1"))
    later = flows.get_flow_async_result(ran["executionId"])["output"]
    assert (later["status"], later["loginId"]) == ("completed", other)
    assert avow.code(other) != avow.code(mail)


def test_what_cannot_be_run_is_not_sent(avow: Avow) -> None:
    flows = avow.client().mgmt.flow
    wrong: list[Any] = [
        lambda: flows.run_flow(""),
        lambda: flows.run_flow_async("remind", {"input": [1]}),
        lambda: flows.run_flow("remind", FlowRunOptions(tenant="x" * 2000)),
        lambda: flows.get_flow_async_result(""),
    ]
    for call in wrong:
        with pytest.raises(AuthException) as refused:
            call()
        assert refused.value.status_code == 400


def test_asynchronous_twin(avow: Avow) -> None:
    async def act() -> str:
        flows = avow.async_client().mgmt.flow
        await flows.import_flow("remind", {"dsl": REMIND}, [])
        given = {"input": {"email": new_email()}}
        assert (await flows.run_flow("remind", given))["output"]["status"] == "completed"
        ran = await flows.run_flow_async("remind", given)
        status: str = (await flows.get_flow_async_result(ran["executionId"]))["output"]["status"]
        return status

    assert asyncio.run(act()) == "completed"
