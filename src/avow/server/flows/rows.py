"""The SQL of flows, of their executions, and of themes."""

from dataclasses import dataclass, field

from msgspec import Struct

__all__ = ["RETURNS", "EndedRow", "ExecutionRow", "FlowRow", "HeadRow", "IdRow", "SpaceRow", "ThemeRow"]


class IdRow(Struct, frozen=True):
    """What a statement put or deleted."""

    id: str


class HeadRow(Struct, frozen=True):
    """A flow as lists show it."""

    id: str
    name: str
    description: str
    is_disabled: int
    etag: str


class FlowRow(Struct, frozen=True):
    """A flow; document and screens are JSON."""

    id: str
    name: str
    description: str
    is_disabled: int
    etag: str
    document: str
    screens: str


class SpaceRow(Struct, frozen=True):
    """How many flows there are beside one, and how long their documents are together."""

    flows: int
    length: int


@dataclass(frozen=True, slots=True)
class ExecutionRow:
    """An execution of a flow; its state is sealed."""

    id: str
    flow_id: str
    flow_version: int
    step: str
    screen_key: str
    seq: int
    state: bytes = field(repr=False)
    expires_at: int
    ended_at: int | None


class EndedRow(Struct, frozen=True):
    """An execution whose time is over, and the session whose tokens it had not handed out, or ""."""

    user_id: str
    session_id: str


class ThemeRow(Struct, frozen=True):
    """The theme; its document is JSON."""

    id: str
    document: str


LIST = "SELECT id, name, description, is_disabled, etag FROM flows WHERE project_id = :project_id ORDER BY id"

FIND = """
    SELECT id, name, description, is_disabled, etag, document, screens FROM flows
    WHERE project_id = :project_id AND id = :id
"""

EVERY = """
    SELECT id, name, description, is_disabled, etag, document, screens FROM flows
    WHERE project_id = :project_id ORDER BY id
"""

SPACE = """
    SELECT COUNT(*) AS flows, COALESCE(SUM(LENGTH(document) + LENGTH(screens)), 0) AS length FROM flows
    WHERE project_id = :project_id AND id <> :id
"""

PUT = """
    INSERT INTO flows (project_id, id, name, description, is_disabled, etag, document, screens, updated_at)
    VALUES (:project_id, :id, :name, :description, :is_disabled, :etag, :document, :screens, :now)
    ON CONFLICT (project_id, id) DO UPDATE
    SET name = excluded.name, description = excluded.description, is_disabled = excluded.is_disabled,
        etag = excluded.etag, document = excluded.document, screens = excluded.screens,
        updated_at = excluded.updated_at
    RETURNING id
"""

DELETE = "DELETE FROM flows WHERE project_id = :project_id AND id IN (:ids) RETURNING id"

# There is one theme; should two have been put at once, the later one counts.
FIND_THEME = """
    SELECT id, document FROM themes WHERE project_id = :project_id ORDER BY updated_at DESC, id LIMIT 1
"""

CLEAR_OTHER_THEMES = "DELETE FROM themes WHERE project_id = :project_id AND id <> :id"

PUT_THEME = """
    INSERT INTO themes (project_id, id, document, updated_at) VALUES (:project_id, :id, :document, :now)
    ON CONFLICT (project_id, id) DO UPDATE SET document = excluded.document, updated_at = excluded.updated_at
    RETURNING id
"""

INSERT_EXECUTION = """
    INSERT INTO flow_executions
        (project_id, id, flow_id, flow_version, step, screen_key, seq, state, user_id, session_id, created_at,
         expires_at)
    VALUES (:project_id, :id, :flow_id, :flow_version, :step, :screen_key, :seq, :state, :user_id, :session_id, :now,
            :expires_at)
"""

FIND_EXECUTION = """
    SELECT id, flow_id, flow_version, step, screen_key, seq, state, expires_at, ended_at FROM flow_executions
    WHERE project_id = :project_id AND id = :id
"""

# One caller takes a step: whoever comes second finds another number, and nothing of theirs is done.
TAKE = """
    UPDATE flow_executions SET seq = seq + 1
    WHERE project_id = :project_id AND id = :id AND seq = :seq AND ended_at IS NULL AND expires_at > :now
    RETURNING id
"""

# In the unit that took the step.
SAVE_EXECUTION = """
    UPDATE flow_executions
    SET step = :step, screen_key = :screen_key, state = :state, user_id = :user_id, session_id = :session_id,
        expires_at = :expires_at, ended_at = :ended_at
    WHERE project_id = :project_id AND id = :id
"""

FORGET_EXECUTIONS = """
    DELETE FROM flow_executions WHERE project_id = :project_id AND id IN (
        SELECT id FROM flow_executions WHERE project_id = :project_id AND expires_at <= :now
        ORDER BY expires_at LIMIT :most
    )
    RETURNING user_id, session_id
"""

# Among the counters, which are forgotten when their time is over.
NOTE_DECLINED = """
    INSERT INTO counters (project_id, id, value, ends_at) VALUES (:project_id, :id, 1, :ends_at)
    ON CONFLICT (project_id, id) DO UPDATE SET ends_at = excluded.ends_at
"""

FIND_DECLINED = "SELECT id FROM counters WHERE project_id = :project_id AND id = :id AND ends_at > :now"

RETURNS = {
    "LIST": HeadRow,
    "FIND": FlowRow,
    "EVERY": FlowRow,
    "SPACE": SpaceRow,
    "PUT": IdRow,
    "DELETE": IdRow,
    "FIND_EXECUTION": ExecutionRow,
    "TAKE": IdRow,
    "FIND_DECLINED": IdRow,
    "FORGET_EXECUTIONS": EndedRow,
    "FIND_THEME": ThemeRow,
    "PUT_THEME": IdRow,
}
