"""What other slices ask of delivery: queue a message in the unit that made its secret."""

import msgspec

from avow.core import addresses
from avow.core.ids import random_id
from avow.errors import InvalidArgument, RateLimitException
from avow.server.delivery import rows
from avow.server.delivery.messages import (
    Link,
    Message,
    Method,
    Parameters,
    Template,
    text_options,
)
from avow.server.serving import Project
from avow.server.store import Tx

__all__ = ["Link", "Message", "Method", "Parameters", "Template", "queue", "text_options"]

ADDRESS_WINDOW_SECONDS = 600
MINUTE_SECONDS = 60


def queue(tx: Tx, project: Project, message: Message) -> None:
    """Put a message into the outbox; it leaves after the commit.

    The limits are judged on the outbox rows themselves, in this unit: no cache can forget them.

    Args:
        tx: The unit that made the message's secret.
        project: Whose settings limit it and whose name it carries.
        message: What to send; its address is canonical.

    Raises:
        RateLimitException: The address, its phone prefix or the project has had its messages for now.
        InvalidArgument: The number is in a country that the project does not send to, or costs its owner extra.
    """
    raise NotImplementedError
