"""What a service provider is told when it gets no assertion, or how a log-out went.

Spec: SAML Core section 3.2.2.2.
"""

from dataclasses import dataclass
from typing import Final

__all__ = [
    "BINDING",
    "CONTEXT",
    "DENIED",
    "NAME_ID_POLICY",
    "NAMELESS",
    "PARTIAL_LOGOUT",
    "PASSIVE",
    "STRANGER",
    "SUBJECT",
    "SUCCESS",
    "UNKNOWN_SESSION",
    "Status",
]

_PREFIX: Final = "urn:oasis:names:tc:SAML:2.0:status:"


@dataclass(frozen=True, slots=True)
class Status:
    """The outcome of a request.

    Attributes:
        code: `Success`, `Requester` or `Responder`.
        second: What exactly, or "".
        text: A sentence for developers, or "".
    """

    code: str
    second: str = ""
    text: str = ""

    def xml(self) -> str:
        """Return it as an element; none of its texts is anybody's but ours."""
        inner = f'<samlp:StatusCode Value="{_PREFIX}{self.second}"/>' if self.second else ""
        said = f"<samlp:StatusMessage>{self.text}</samlp:StatusMessage>" if self.text else ""
        return (
            f'<samlp:Status><samlp:StatusCode Value="{_PREFIX}{self.code}">{inner}</samlp:StatusCode>{said}'
            "</samlp:Status>"
        )


SUCCESS: Final = Status("Success")
PARTIAL_LOGOUT: Final = Status("Success", "PartialLogout", "Other applications of the session were not told.")
BINDING: Final = Status("Requester", "UnsupportedBinding", "Answers are posted (HTTP-POST).")
SUBJECT: Final = Status("Requester", "RequestUnsupported", "A subject is named by one NameID, or not at all.")
NAME_ID_POLICY: Final = Status("Requester", "InvalidNameIDPolicy", "The application has no NameIDs of this format.")
CONTEXT: Final = Status("Responder", "NoAuthnContext", "The sign-in is not of a class that the request asks for.")
PASSIVE: Final = Status("Responder", "NoPassive", "The person would have to sign in.")
DENIED: Final = Status("Responder", "RequestDenied", "The person may not use this application.")
STRANGER: Final = Status("Responder", "UnknownPrincipal", "Somebody else has signed in than the request names.")
NAMELESS: Final = Status("Responder", "UnknownPrincipal", "The person has no verified address to be named by.")
UNKNOWN_SESSION: Final = Status("Requester", "UnknownPrincipal", "There is no such session of this person.")
