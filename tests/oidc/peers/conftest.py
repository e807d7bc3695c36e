"""The provider that Python clients of others come to: one for all of them."""

import contextlib
from collections.abc import Callable, Iterator

import pytest

from tests.bed.plugin import program
from tests.oidc.serving import Peer, Surfer, provider_over_tls
from tests.server.oidc.relying import make_api


@pytest.fixture(scope="session")
def provider(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """Give a provider at the root of a host, with an API whose tokens say permissions."""
    program(pytestconfig, "oidc-clients")
    with provider_over_tls(tmp_path_factory.mktemp("tls")) as started:
        make_api(started.avow, "read:admin-messages", rbac=True)
        yield started


@pytest.fixture
def new_surfer(provider: Peer) -> Iterator[Callable[[], Surfer]]:
    """Give a function that makes fresh browsers; they are closed afterwards, or the provider would wait for them."""
    with contextlib.ExitStack() as stack:

        def make() -> Surfer:
            made = Surfer(provider)
            stack.callback(made.session.close)
            return made

        yield make


@pytest.fixture
def surfer(new_surfer: Callable[[], Surfer]) -> Surfer:
    """Give a fresh browser."""
    return new_surfer()
