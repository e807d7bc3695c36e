"""The application: articles that everybody who is signed in may read, and some may write."""

import itertools
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel

from avow import AsyncClient
from avow.fastapi import Avow, AvowSession, CurrentSession, OptionalSession, require

__all__ = ["PERMISSION", "ROLE", "Article", "create_app"]

PERMISSION = "articles:write"
ROLE = "author"

Author = Annotated[AvowSession, Depends(require(permissions=[PERMISSION]))]


class Article(BaseModel):
    """What somebody wrote."""

    title: str
    text: str = ""


def create_app(project_id: str = "", base_url: str = "", *, client: Callable[[], AsyncClient] | None = None) -> FastAPI:
    """Return the application; what is left out comes from `AVOW_PROJECT_ID` and `AVOW_BASE_URL`.

    Args:
        project_id: The project.
        base_url: Where Avow is.
        client: Makes the SDK's client; for tests.
    """
    app = FastAPI(title="Articles", description="Sign in at /auth/login, or send a session token as bearer.")
    Avow(app, project_id=project_id, base_url=base_url, login_redirect="/docs", client=client)
    articles: dict[int, tuple[str, Article]] = {}
    numbers = itertools.count(1)

    @app.get("/")
    async def hello(session: OptionalSession) -> dict[str, str]:
        """Greet anybody."""
        return {"hello": session.user_id if session else "stranger", "sign_in": "/auth/login", "try": "/docs"}

    @app.get("/me")
    async def me(session: CurrentSession) -> dict[str, object]:
        """Say what the token says."""
        return {"user": session.user_id, "roles": session.roles, "permissions": session.permissions}

    @app.get("/articles", dependencies=[Depends(require_anybody)])
    async def read() -> dict[int, Article]:
        """Return all articles to whoever is signed in, a machine's token included."""
        return {number: article for number, (_, article) in articles.items()}

    @app.post("/articles", status_code=201)
    async def write(article: Article, session: Author) -> dict[str, int]:
        """Keep an article of whoever has the permission."""
        number = next(numbers)
        articles[number] = (_author(session), article)
        return {"number": number}

    @app.delete("/articles/{number}", status_code=204)
    async def remove(number: int, session: Author) -> None:
        """Remove an article of one's own."""
        owner, _ = articles.get(number, (None, None))
        if owner != _author(session):
            raise HTTPException(404, "You have no such article.")
        del articles[number]

    @app.get("/tenants/{tenant_id}/articles", dependencies=[Depends(require(tenant_param="tenant_id"))])
    async def of_tenant(tenant_id: str) -> dict[str, str]:
        """Answer the members of a tenant."""
        return {"tenant": tenant_id}

    return app


async def require_anybody(session: CurrentSession) -> None:
    """Let in whoever is signed in."""
    del session


def _author(session: AvowSession) -> str:
    """Return who writes: a person's id or, as a machine has no user's, its key's."""
    return session.user_id or session.key_id
