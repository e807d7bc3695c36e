"""What a start remembers of the wishes of its caller, in the texts that a start keeps."""

import re
from dataclasses import dataclass
from typing import Final, Self

from avow.core.ids import secret_text
from avow.errors import InvalidArgument
from avow.server.federation.starts import Start
from avow.server.proofs.options import Asked
from avow.wire.ssosignin import SsoStart

__all__ = ["Wanted"]

_PROMPT: Final = re.compile(r"[a-z_]+(?: [a-z_]+)*", re.ASCII)
_YES: Final = frozenset({"true", "1"})
_REQUEST_CHARACTERS: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How somebody is to sign in.

    Attributes:
        request: Id of the SAML request; nobody guesses it.
        prompt: As OpenID has it, or "".
        hint: Whom the identity provider shall expect, or "".
        is_hint_told: The application named them; otherwise the hint was only the address that led to the tenant.
        proves_anew: They have to prove themselves at the identity provider after the start, not before.
    """

    request: str
    prompt: str = ""
    hint: str = ""
    is_hint_told: bool = False
    proves_anew: bool = False

    @classmethod
    def asked(cls, body: SsoStart, asked: Asked) -> Self:
        """Return the wishes of a call; step-up and MFA are of no use without a proof of now.

        Raises:
            InvalidArgument: The prompt is none.
        """
        prompt, hint = body.prompt or "", body.login_hint or ""
        if prompt and not _PROMPT.fullmatch(prompt):
            raise InvalidArgument(error_message="prompt is made of words such as login, consent or select_account.")
        return cls(
            request=f"_{secret_text(_REQUEST_CHARACTERS)}",
            prompt=prompt,
            hint=hint or (body.tenant if "@" in body.tenant else ""),
            is_hint_told=bool(hint),
            proves_anew=asked.is_step_up or asked.is_mfa or (body.force_authn or "").lower() in _YES,
        )

    @classmethod
    def of(cls, begun: Start) -> Self:
        """Return the wishes that a start remembers."""
        details = begun.details
        return cls(
            request=details.get("request", ""),
            prompt=details.get("prompt", ""),
            hint=details.get("hint", ""),
            is_hint_told="told" in details,
            proves_anew="anew" in details,
        )

    def texts(self) -> dict[str, str]:
        """Return the wishes as a start keeps them."""
        found = {"request": self.request, "prompt": self.prompt, "hint": self.hint}
        found |= {"told": "1" if self.is_hint_told else "", "anew": "1" if self.proves_anew else ""}
        return {name: value for name, value in found.items() if value}
