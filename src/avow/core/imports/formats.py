"""The formats that users are imported from, by the names that commands and calls use."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from avow.core.imports import auth0, django, firebase, keycloak, own
from avow.core.imports.context import Context
from avow.core.imports.entries import Entry, documents, json_entries, lines, table
from avow.core.imports.people import Found, Person, person
from avow.errors import InvalidArgument, InvalidRequest, MalformedRequest

__all__ = ["FORMATS", "SOURCES", "Format", "person_of"]


@dataclass(frozen=True, slots=True)
class Format:
    """One format.

    Attributes:
        name: As typed.
        entries: Takes a file apart.
        read: Returns what an entry says of a user; None when it is about something else. Raises InvalidArgument.
        takes_hashes: What it exports apart from the users is password hashes, one line of JSON each.
        takes_parameters: It is the parameters of the hashes.
    """

    name: str
    entries: Callable[[Iterable[bytes]], Iterator[Entry]]
    read: Callable[[bytes, Context], Found | None]
    takes_hashes: bool = False
    takes_parameters: bool = False


FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        each.name: each
        for each in (
            Format("jsonl", lines, own.of_json),
            Format("csv", table, own.of_table),
            Format("auth0", json_entries, auth0.found, takes_hashes=True),
            Format("firebase", json_entries, firebase.found, takes_parameters=True),
            Format("django", json_entries, django.found),
            Format("keycloak", documents, keycloak.found),
        )
    }
)

# Those of the API, which takes our own form as a list too.
SOURCES: Final[Mapping[str, Format]] = MappingProxyType({**FORMATS, "avow": Format("avow", json_entries, own.of_json)})


def person_of(kind: Format, entry: Entry, context: Context) -> Person | None:
    """Return the user that an entry names; None when it is about something else.

    Raises:
        InvalidArgument: They cannot be imported; the message says why, in one sentence.
    """
    if entry.problem:
        raise InvalidArgument(error_message=entry.problem)
    try:
        found = kind.read(entry.data, context)
    except MalformedRequest:
        raise InvalidArgument(error_message="It is no JSON that can be read.") from None
    except InvalidRequest as error:
        is_vague = error.error_message == InvalidRequest.text
        raise InvalidArgument(error_message="It is no object of a user." if is_vague else error.error_message) from None
    return None if found is None else person(found)
