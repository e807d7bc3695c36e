"""Lists, as the caller sees them."""

from collections.abc import Mapping, Sequence
from typing import Any

from avow.sdk._async.runner import AsyncRunner
from avow.sdk.calls.mgmt import lists as calls
from avow.sdk.flow import Flows

__all__ = ["AsyncLists"]


class AsyncLists:
    """Lists of texts, of addresses and networks, or of any JSON, for decisions of your own; `client.mgmt.list`.

    Every call raises `AuthException` when the server refuses it: a name that is taken, entries that do not fit the
    type (400), a list that does not exist (404). A list holds at most 10,000 entries.
    """

    def __init__(self, flows: Flows, runner: AsyncRunner) -> None:
        self._flows = flows
        self._run = runner.run

    async def create(
        self, name: str, list_type: str, description: str | None = None, data: object = None
    ) -> dict[str, Any]:
        """Make a list.

        Args:
            name: Unique in the project.
            list_type: `texts`, `ips` (addresses and networks such as `10.0.0.0/8`) or `json`.
            description: For people.
            data: The first entries; for `json` a dict.

        Returns:
            `{"list": {"id", "name", "description", "type", "data"}}`
        """
        return await self._run(self._flows.deliver(calls.create(name, list_type, description, data)))

    async def update(
        self, id: str, name: str, list_type: str, description: str | None = None, data: object = None
    ) -> dict[str, Any]:
        """Replace all that a list is; what is not given is emptied. See `create`."""
        return await self._run(self._flows.deliver(calls.update(id, name, list_type, description, data)))

    async def delete(self, id: str) -> None:
        """Delete a list for ever."""
        await self._run(self._flows.deliver(calls.delete(id)))

    async def load(self, id: str) -> dict[str, Any]:
        """Return a list, as `create` does."""
        return await self._run(self._flows.deliver(calls.load(id)))

    async def load_by_name(self, name: str) -> dict[str, Any]:
        """Return the list of this name, as `create` does."""
        return await self._run(self._flows.deliver(calls.load_by_name(name)))

    async def load_all(self) -> dict[str, Any]:
        """Return every list, `{"lists": [...]}`, by name; refused (400) beyond 16 million characters."""
        return await self._run(self._flows.deliver(calls.load_all()))

    async def import_lists(self, lists: Sequence[Mapping[str, object]]) -> None:
        """Make lists, or replace those with the same id or else name; all of them or none.

        Args:
            lists: Each with `name`, `type` and, if wanted, `id`, `description`, `data`; at most 100.
        """
        await self._run(self._flows.deliver(calls.import_lists(lists)))

    async def add_ips(self, id: str, ips: Sequence[str]) -> None:
        """Add addresses and networks behind those there are; each stands once, in its shortest form."""
        await self._run(self._flows.deliver(calls.add_ips(id, ips)))

    async def remove_ips(self, id: str, ips: Sequence[str]) -> None:
        """Remove addresses and networks as they were added; what is not there is passed over."""
        await self._run(self._flows.deliver(calls.remove_ips(id, ips)))

    async def check_ip(self, id: str, ip: str) -> bool:
        """Tell whether an address is in a list, itself or within one of its networks."""
        return await self._run(self._flows.deliver(calls.check_ip(id, ip)))

    async def add_texts(self, id: str, texts: Sequence[str]) -> None:
        """Add texts behind those there are; each stands once."""
        await self._run(self._flows.deliver(calls.add_texts(id, texts)))

    async def remove_texts(self, id: str, texts: Sequence[str]) -> None:
        """Remove texts; what is not there is passed over."""
        await self._run(self._flows.deliver(calls.remove_texts(id, texts)))

    async def check_text(self, id: str, text: str) -> bool:
        """Tell whether a text is in a list, letter by letter."""
        return await self._run(self._flows.deliver(calls.check_text(id, text)))

    async def check_texts(self, id: str, texts: Sequence[str], match_all: bool = False) -> bool:
        """Tell whether one of the texts is in a list, or with `match_all` all of them; at most 100."""
        return await self._run(self._flows.deliver(calls.check_texts(id, texts, match_all)))

    async def clear(self, id: str) -> None:
        """Empty a list; name, description and type stay."""
        await self._run(self._flows.deliver(calls.clear(id)))
