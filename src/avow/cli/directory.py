"""How commands change the directory: in one unit each, by the handlers of the management API, in a command's name."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec

from avow import shaping
from avow.cli.options import Where
from avow.cli.problems import CannotStart
from avow.cli.reach import Reached, reached_project
from avow.core.rights import EVERYTHING, Grant
from avow.errors import AvowError, InvalidArgument, InvalidRequest
from avow.server.keys import directory as projects
from avow.server.serving import Aside, Call, Client, ManagementCaller, Project, Read, Steps, Write
from avow.server.store import Tx
from avow.wire import codec

__all__ = ["ACTOR", "Directory", "attributes", "directory", "facts"]

T = TypeVar("T")
Body = TypeVar("Body", bound=msgspec.Struct)

ACTOR: Final = "command"
_CALLER: Final = ManagementCaller("", Grant(EVERYTHING))


@dataclass(frozen=True, slots=True)
class Directory:
    """The directory of one project, open for a command.

    Attributes:
        found: Where it is.
        project: Whose it is; links to mail and who carries mails are not known.
    """

    found: Reached
    project: Project

    def look(self, unit: Callable[[Tx], T]) -> T:
        """Run a unit that only reads."""
        return self.found.store.look(self.found.project_id, unit)

    def change(self, unit: Callable[[Tx], T]) -> T:
        """Run a unit and wait for its commit."""
        return self.found.store.run(self.found.project_id, unit)

    def call(self, body: Body, project: Project | None = None) -> Call[Body]:
        """Return a call of the management API by this command, within the same bounds as over HTTP.

        Args:
            body: What is asked for.
            project: In the place of `project`.

        Raises:
            InvalidArgument: A text is too long, or empty where something has to be.
        """
        try:
            checked = codec.decode(type(body), codec.encode(body))
        except InvalidRequest as refused:
            raise InvalidArgument(error_message=f"{refused.error_message} Is it empty, or too long?") from None
        return Call(project or self.project, _CALLER, Client(""), checked)

    def follow(self, steps: Steps[T]) -> T:
        """Take a handler of several steps to its end."""
        value: Any = None
        error: BaseException | None = None
        while True:
            try:
                effect = steps.send(value) if error is None else steps.throw(error)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]  # the generator's declared result
            value, error = None, None
            try:
                value = self._performed(effect)
            except AvowError as raised:
                error = raised

    def _performed(self, effect: object) -> object:
        match effect:
            case Read(unit):
                return self.look(unit)
            case Write(unit):
                return self.change(unit)
            case Aside(work):
                return work()
            case _:
                raise TypeError(f"commands do not perform {effect!r}")


@contextmanager
def directory(where: Where) -> Generator[Directory]:
    """Open the directory of the project that a command is about.

    Raises:
        CannotStart: There is no such project, or it has to be named.
    """
    with reached_project(where["data"], where["project"]) as found:
        project = found.store.look(found.project_id, lambda tx: projects.load(tx, found.settings))
        if project is None:
            raise CannotStart("The project was deleted meanwhile; `avow project list` shows those there are.")
        yield Directory(found, project)


def facts(shape: msgspec.Struct) -> dict[str, object]:
    """Return an object as the management API answers it."""
    found: dict[str, object] = msgspec.to_builtins(shape)
    return found


def attributes(assignments: tuple[str, ...]) -> dict[str, object] | None:
    """Return custom attributes or claims that were typed as NAME=VALUE, or None when there are none.

    A value is JSON, or else a text; an empty one stands for null.

    Raises:
        CannotStart: One is not of this form.
    """
    found: dict[str, object] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not (name and equals):
            raise CannotStart(f"Write attributes and claims as NAME=VALUE, not {assignment!r}.")
        try:
            found[name] = shaping.decode(text) if text else None
        except (msgspec.DecodeError, RecursionError):
            found[name] = text
    return found or None
