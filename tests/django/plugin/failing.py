"""What a project has that fails: its cache, its database, its page for errors."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from django.core.cache.backends.base import BaseCache
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse

from tests.django.plugin import urls

urlpatterns = urls.urlpatterns


def handler500(request: HttpRequest) -> HttpResponse:
    """Fail as a page does that greets whoever is signed in, while there is no database."""
    raise OperationalError("the page for errors reads a row")


class CacheThatIsAway(BaseCache):
    """Refuses everything, as the driver of a server does that cannot be reached."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def get(self, *_: Any, **__: Any) -> Any:
        raise ConnectionRefusedError("no cache")

    set = delete = add = touch = get


@contextlib.contextmanager
def database_without(part: str) -> Iterator[None]:
    """Have every statement fail that names a table, in this thread and in those that connect from now on."""

    def refuse(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        if part in sql:
            raise OperationalError("no database")
        return execute(sql, *more)

    def spoil(connection: BaseDatabaseWrapper, **_: object) -> None:
        if refuse not in connection.execute_wrappers:
            connection.execute_wrappers.append(refuse)

    connection_created.connect(spoil)
    spoil(connection)
    try:
        yield
    finally:
        connection_created.disconnect(spoil)
        connection.execute_wrappers.remove(refuse)
