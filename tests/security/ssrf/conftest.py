"""A project on both databases whose server may call loopback, and one whose server may not."""

from tests.security.federation.conftest import federated_server, make_social, social

__all__ = ["federated_server", "make_social", "social"]
