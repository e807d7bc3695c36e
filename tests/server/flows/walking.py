"""How tests go through a flow as the official component does: nonce shown, screens fetched, steps named."""

from dataclasses import dataclass, field
from typing import Any

from avow.server.site import answer
from avow.server.visit import Request
from tests.server.api import Api, Reply

PAGE = "https://app.example.com/sign-in"


@dataclass
class Walk:
    """A browser on its way through one flow."""

    api: Api
    flow_id: str = "sign-up-or-in"
    page: str = PAGE
    options: dict[str, Any] = field(default_factory=dict)
    token: str = ""
    later_token: str = ""
    nonce: str = ""
    last: Reply | None = None

    def start(self, interaction: str = "", **inputs: Any) -> Reply:
        body = {
            "flowId": self.flow_id,
            "options": {"location": self.page, "locale": "en", **self.options},
            "interactionId": interaction,
            "input": inputs,
        }
        return self._took(self.api.post("/v1/flow/start", body, token=self.token))

    def do(self, interaction: str, **inputs: Any) -> Reply:
        """Do something on the screen; the nonce is that of the last answer."""
        return self._took(self.repeat(interaction, **inputs))

    def repeat(self, interaction: str, nonce: str | None = None, **inputs: Any) -> Reply:
        """Send a request and keep nothing of its answer."""
        assert self.last is not None
        body = {
            "executionId": self.last["executionId"],
            "stepId": self.last["stepId"],
            "interactionId": interaction,
            "input": inputs,
        }
        shown = self.nonce if nonce is None else nonce
        headers = {"x_descope_flow_nonce": shown} if shown else {}
        return self.api.post("/v1/flow/next", body, token=self.later_token, **headers)

    def _took(self, reply: Reply) -> Reply:
        if reply.status == 200:
            self.last, self.nonce = reply, reply.header("x-descope-flow-nonce")
        return reply

    @property
    def screen(self) -> str:
        assert self.last is not None
        return str(self.last["stepName"])

    @property
    def error(self) -> str:
        assert self.last is not None
        return str(self.last["screen"]["state"].get("errorText", ""))

    def html(self) -> str:
        """Return the fragment of the screen."""
        assert self.last is not None
        path = f"/pages/{self.api.avow.project_id}/v2-beta/{self.last['screen']['id']}.html"
        response = answer(self.api.avow.server.site, Request("GET", path, "", {}, b"", "203.0.113.7", 0))
        assert response.status == 200
        return response.body.decode()
