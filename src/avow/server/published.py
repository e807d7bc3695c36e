"""Documents that everybody may read and keep for a minute: discovery and key sets, each with its tag."""

from functools import lru_cache
from hashlib import sha256

from avow.server.serving import Answer

__all__ = ["published"]

_HEADERS = {"cache-control": "public, max-age=60", "access-control-allow-origin": "*"}
_MOST_TAGS = 512


def published(body: bytes) -> Answer:
    """Return JSON that pages of any origin may read and keep for a minute; who has it already is told so by its tag.

    Args:
        body: The document, which is no secret.
    """
    return Answer(body, headers={**_HEADERS, "etag": _tag(body)})


@lru_cache(_MOST_TAGS)
def _tag(body: bytes) -> str:
    return f'"{sha256(body).hexdigest()[:32]}"'
