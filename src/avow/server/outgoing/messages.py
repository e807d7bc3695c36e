"""What is sent to addresses that somebody else chose, what comes back, and documents that are kept for a while."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, Literal, TypeVar

__all__ = ["DOCUMENT_BYTES", "METADATA_BYTES", "Answered", "Document", "OutgoingCall"]

DOCUMENT_BYTES: Final = 1_000_000
METADATA_BYTES: Final = 5_000_000  # of SAML, where one file may describe a whole federation

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OutgoingCall:
    """One request to another server.

    Attributes:
        url: Where to; `core.targets` judges its text, and the address behind the name is judged when it is connected
            to. Redirects are not followed.
        verb: HTTP method.
        headers: Sent as they are; may hold a secret.
        body: Sent as it is; may hold a secret.
        most_bytes: The longest answer that is read.
    """

    url: str
    verb: Literal["GET", "POST"] = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    most_bytes: int = DOCUMENT_BYTES


@dataclass(frozen=True, slots=True)
class Answered:
    """What another server answered.

    Attributes:
        status: HTTP status; a redirect is an answer as any other.
        retry_after_seconds: How long it asks us to wait.
        content_type: Media type in lower case, without parameters.
        body: At most as long as was asked for; it may hold tokens.
    """

    status: int
    retry_after_seconds: int = 0
    content_type: str = ""
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Document(Generic[T]):
    """Something public that is fetched, read, and kept by this process: discovery, key sets, metadata.

    Attributes:
        url: Where it is; together with `kind` it names the copy that is kept.
        kind: What it is taken for: `discovery`, `keys`, `saml-metadata`.
        read: Makes the value out of the bytes of a 200 answer, on the thread that fetched them. A ValueError makes the
            answer count as none, so that an older copy stays in use.
        accept: Header of that name.
        most_bytes: The longest answer that is read.
        fresh_seconds: How long a copy is used without asking again.
        stale_seconds: How much longer it is used while no newer one can be had.
    """

    url: str
    kind: str
    read: Callable[[bytes], T]
    accept: str = "application/json"
    most_bytes: int = DOCUMENT_BYTES
    fresh_seconds: int = 3600
    stale_seconds: int = 86_400
