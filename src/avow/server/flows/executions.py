"""Executions of flows: begun, taken a step further by one caller, and forgotten.

An execution belongs to the browser that began it: each answer carries a nonce, which the next request shows. It is
derived from the execution and its step and stored nowhere, so that the answer to a request whose reply was lost can be
given again, word for word.
"""

import hmac
from dataclasses import dataclass, field, replace

from avow.core import ids
from avow.core.flows.model import Flow
from avow.core.tokens.encoding import to_base64url
from avow.errors import FlowElsewhere, FlowExpired
from avow.server.flows import rows
from avow.server.flows.rows import EndedRow, ExecutionRow, IdRow
from avow.server.flows.state import State, decoded, encoded
from avow.server.serving import Project
from avow.server.sessions import actions as sessions
from avow.server.store import Tx

__all__ = ["Execution", "begin", "find", "forget", "moved", "save", "screen_named", "take"]

_PREFIX = "F"
_KEY_CHARACTERS = 26
_LIFETIME_SECONDS = 1800
_LONGER_SECONDS = 600  # than a link: whoever opens it at the last moment goes on
_KEPT_SECONDS = 300  # after the end: for a reply that was lost
_MARK = "|#|"


@dataclass(frozen=True, slots=True)
class Execution:
    """One person's way through a flow.

    Attributes:
        id: Ours; the wire has the flow's id before it.
        flow_id: Which flow.
        flow_version: In which version it was begun.
        step: The screen it waits at.
        screen_key: Unguessable part of the address of that screen.
        seq: How many steps were taken; it begins with 1.
        state: See there.
        expires_at: When it ends.
        ended_at: When it came to its end, or None.
        nonce: What the answer about this step carries.
        earlier_nonce: What the answer before it carried.
    """

    id: str
    flow_id: str
    flow_version: int
    step: str
    screen_key: str
    seq: int
    state: State
    expires_at: int
    ended_at: int | None = None
    nonce: str = field(default="", repr=False)
    earlier_nonce: str = field(default="", repr=False)

    @property
    def wire_id(self) -> str:
        """Return the id as browsers know it."""
        return f"{self.flow_id}{_MARK}{self.id}"

    @property
    def screen_id(self) -> str:
        """Return the name of the screen's file."""
        return f"{self.id}{self.screen_key}"

    def is_shown_by(self, nonce: str) -> bool:
        """Tell whether a browser shows what it was given for this step."""
        return bool(nonce) and hmac.compare_digest(self.nonce.encode(), nonce.encode())

    def is_before(self, nonce: str) -> bool:
        """Tell whether a browser shows what it was given for the step before."""
        return bool(nonce) and hmac.compare_digest(self.earlier_nonce.encode(), nonce.encode())


def begin(tx: Tx, project: Project, flow: Flow, step: str, state: State, *, ended: bool = False) -> Execution:
    """Store a new execution."""
    lifetime = max(_LIFETIME_SECONDS, project.settings.link_lifetime_seconds + _LONGER_SECONDS)
    made = Execution(
        id=ids.random_id(_PREFIX),
        flow_id=flow.id,
        flow_version=flow.version,
        step=step,
        screen_key=ids.secret_text(_KEY_CHARACTERS),
        seq=1,
        state=state,
        expires_at=tx.now + (_KEPT_SECONDS if ended else lifetime),
        ended_at=tx.now if ended else None,
    )
    session = None if ended else state.session
    tx.run(
        rows.INSERT_EXECUTION,
        id=made.id,
        flow_id=flow.id,
        flow_version=flow.version,
        step=step,
        screen_key=made.screen_key,
        seq=made.seq,
        state=_sealed(tx, made.id, state),
        user_id=session.user_id if session else "",
        session_id=session.session_id if session else "",
        expires_at=made.expires_at,
    )
    if ended:
        save(tx, made)
    return _with_nonces(tx, made)


def find(tx: Tx, wire_id: str) -> Execution:
    """Return an execution by its id on the wire.

    Raises:
        FlowExpired: There is none, or its time is over.
    """
    flow_id, _, own_id = wire_id.rpartition(_MARK)
    found = _found(tx, own_id)
    if found is None or found.flow_id != flow_id:
        raise FlowExpired
    return found


def screen_named(tx: Tx, screen_id: str) -> Execution | None:
    """Return the execution that is at a screen, by the name of the screen's file; None when none is."""
    own_id, key = screen_id[:-_KEY_CHARACTERS], screen_id[-_KEY_CHARACTERS:]
    found = _found(tx, own_id)
    is_it = (
        found is not None and found.ended_at is None and hmac.compare_digest(found.screen_key.encode(), key.encode())
    )
    return found if is_it else None


def take(tx: Tx, execution: Execution) -> None:
    """Take a step of an execution, first of all in the unit that goes on with it.

    Raises:
        FlowElsewhere: Somebody else has taken it.
    """
    if tx.one(rows.TAKE, IdRow, id=execution.id, seq=execution.seq) is None:
        raise FlowElsewhere(detail="a step that was taken")


def moved(execution: Execution, step: str, state: State) -> Execution:
    """Return an execution as it is after a step was taken: at the same screen, or at another one."""
    key = execution.screen_key if step == execution.step else ids.secret_text(_KEY_CHARACTERS)
    return replace(execution, step=step, state=state, screen_key=key, seq=execution.seq + 1)


def save(tx: Tx, execution: Execution) -> Execution:
    """Store what an execution has become, in the unit that took the step; the answer's nonces come with it."""
    is_ended = execution.ended_at is not None
    expires_at = min(execution.expires_at, tx.now + _KEPT_SECONDS) if is_ended else execution.expires_at
    session = None if is_ended else execution.state.session
    tx.run(
        rows.SAVE_EXECUTION,
        id=execution.id,
        step=execution.step,
        screen_key=execution.screen_key,
        state=_sealed(tx, execution.id, execution.state),
        user_id=session.user_id if session else "",
        session_id=session.session_id if session else "",
        expires_at=expires_at,
        ended_at=execution.ended_at,
    )
    return _with_nonces(tx, replace(execution, expires_at=expires_at))


def forget(tx: Tx, most: int) -> int:
    """Delete executions whose time is over, at most so many; return how many.

    A session that was opened in one, and whose tokens nobody was given, ends with it.
    """
    gone = tx.all(rows.FORGET_EXECUTIONS, EndedRow, most=most)
    for row in gone:
        if row.session_id:
            sessions.end(tx, row.user_id, row.session_id, why="flow not finished", actor="command")
    return len(gone)


def _found(tx: Tx, own_id: str) -> Execution | None:
    row = tx.one(rows.FIND_EXECUTION, ExecutionRow, id=own_id)
    if row is None or row.expires_at <= tx.now:
        return None
    state = decoded(tx.vault.open(row.state, row=_place(tx, row.id)))
    found = Execution(
        id=row.id,
        flow_id=row.flow_id,
        flow_version=row.flow_version,
        step=row.step,
        screen_key=row.screen_key,
        seq=row.seq,
        state=state,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
    )
    return _with_nonces(tx, found)


def _with_nonces(tx: Tx, execution: Execution) -> Execution:
    seq = execution.seq
    earlier = _nonce(tx, execution.id, seq - 1) if seq > 1 else ""
    return replace(execution, nonce=_nonce(tx, execution.id, seq), earlier_nonce=earlier)


def _nonce(tx: Tx, own_id: str, seq: int) -> str:
    """Return the nonce of a step: its number, and what only this server can make of it."""
    return f"{seq}.{to_base64url(tx.vault.mac('flow-nonce', tx.project_id, own_id, str(seq)))}"


def _sealed(tx: Tx, own_id: str, state: State) -> bytes:
    return tx.vault.seal(encoded(state), row=_place(tx, own_id))


def _place(tx: Tx, own_id: str) -> str:
    return f"flow_executions.state:{tx.project_id}:{own_id}"
