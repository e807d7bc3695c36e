"""Proofs of possession that were seen, so that none counts twice in this process. No I/O in it."""

import threading
from typing import Final

from avow.core.oidc.dpop import Proof

__all__ = ["SeenProofs"]

_SIZE: Final = 20_000


class SeenProofs:
    """The proofs of the last two minutes, at most so many of each.

    A proof is good for one request and two minutes. When more come than fit, the older ones are forgotten early rather
    than honest clients refused: somebody who replays one needs the token as well, and its request again.

    Spec: RFC 9449 section 11.1.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self._young: dict[tuple[str, str], int] = {}
        self._old: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()

    def spend(self, proof: Proof, now: int) -> bool:
        """Note a proof; True for the one caller who brought it first."""
        name = (proof.jkt, proof.jti)
        with self._lock:
            if max(self._young.get(name, 0), self._old.get(name, 0)) > now:
                return False
            if len(self._young) >= _SIZE // 2:
                self._young, self._old = {}, self._young
            self._young[name] = proof.ends_at
        return True
