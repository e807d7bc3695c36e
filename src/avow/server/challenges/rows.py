"""The SQL of challenges (one-time secrets on their way back) and of guess budgets."""

from dataclasses import dataclass, field

from msgspec import Struct

__all__ = ["RETURNS", "CounterRow", "FateRow", "IdRow", "SpentLinkRow", "SpentRow", "TakenRow"]


@dataclass(frozen=True, slots=True)
class SpentRow:
    """A live challenge, one attempt of which has just been spent."""

    id: str
    subject: str
    mac: bytes = field(repr=False)
    binding: str
    attempts_left: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class SpentLinkRow(SpentRow):
    """The same, and which purpose the link had."""

    purpose: str


@dataclass(frozen=True, slots=True)
class TakenRow:
    """A challenge that was answered rightly, and is gone."""

    id: str
    subject: str
    binding: str = field(repr=False)


class FateRow(Struct, frozen=True):
    """Why a challenge takes no attempt any more."""

    attempts_left: int
    expires_at: int


class IdRow(Struct, frozen=True):
    """The challenge that a conditional write took."""

    id: str


class CounterRow(Struct, frozen=True):
    """A budget: how much of it is used, and when it starts anew."""

    value: int
    ends_at: int


# Every purpose that there is: all challenges of a subject are found by the index that has the purpose before it.
PURPOSES = (
    "otp",
    "magic-link",
    "password-reset",
    "embedded-link",
    "enchanted-link",
    "enchanted-pending",
    "sso-setup",
    "totp",
    "passkey-sign-up",
    "passkey-sign-in",
    "passkey-add",
    "federation-start",
    "federation-state",
    "federation-held",
    "oauth-code",
    "sso-code",
)
_EACH_PURPOSE = ", ".join(f"'{purpose}'" for purpose in PURPOSES)

# A new challenge of the same purpose and subject takes the place of the old one, which is dead from then on.
PUT = """
    INSERT INTO challenges (project_id, id, purpose, subject, mac, binding, attempts_left, created_at, expires_at)
    VALUES (:project_id, :id, :purpose, :subject, :mac, :binding, :attempts_left, :now, :expires_at)
    ON CONFLICT (project_id, purpose, subject) DO UPDATE
    SET id = excluded.id, mac = excluded.mac, binding = excluded.binding, attempts_left = excluded.attempts_left,
        created_at = excluded.created_at, expires_at = excluded.expires_at
"""

# The same in the place of a dead one only: what a test user was given stays, for nobody learns what a send would be.
PUT_SPARING = f"""{PUT}
    WHERE challenges.expires_at <= :now OR challenges.attempts_left = 0
"""

# The right code of an account that has not had its wrong ones for this hour. The MACs are compared by the database:
# its time tells of a MAC under a key that nobody outside has, and so nothing of the code.
TAKE_CODE = """
    DELETE FROM challenges
    WHERE project_id = :project_id AND purpose = :purpose AND subject = :subject AND mac = :mac
      AND expires_at > :now AND attempts_left > 0
      AND NOT EXISTS (
          SELECT 1 FROM counters c
          WHERE c.project_id = :project_id AND c.id = :guesses AND c.ends_at > :now AND c.value >= :most_guesses
      )
    RETURNING id, subject, binding
"""

SPEND_OF_SUBJECT = """
    UPDATE challenges SET attempts_left = attempts_left - 1
    WHERE project_id = :project_id AND purpose = :purpose AND subject = :subject
      AND expires_at > :now AND attempts_left > 0
    RETURNING id, subject, mac, binding, attempts_left, expires_at
"""

# Links of several purposes may come back by one route; the row says which it was.
SPEND_BY_ID = """
    UPDATE challenges SET attempts_left = attempts_left - 1
    WHERE project_id = :project_id AND purpose IN (:purpose, :second, :third) AND id = :id
      AND expires_at > :now AND attempts_left > 0
    RETURNING id, subject, mac, binding, attempts_left, expires_at, purpose
"""

FIND_BY_ID = """
    SELECT id, subject, mac, binding, attempts_left, expires_at FROM challenges
    WHERE project_id = :project_id AND purpose = :purpose AND id = :id AND expires_at > :now
"""

FATE_OF_SUBJECT = """
    SELECT attempts_left, expires_at FROM challenges
    WHERE project_id = :project_id AND purpose = :purpose AND subject = :subject
"""

FATE_BY_ID = """
    SELECT attempts_left, expires_at FROM challenges
    WHERE project_id = :project_id AND purpose IN (:purpose, :second, :third) AND id = :id
"""

CONSUME = "DELETE FROM challenges WHERE project_id = :project_id AND id = :id RETURNING id"

REBIND = """
    UPDATE challenges SET binding = :binding
    WHERE project_id = :project_id AND purpose = :purpose AND id = :id AND expires_at > :now
    RETURNING id
"""

DROP = "DELETE FROM challenges WHERE project_id = :project_id AND purpose = :purpose AND subject = :subject"

DROP_OF_SUBJECT = f"""
    DELETE FROM challenges
    WHERE project_id = :project_id AND purpose IN ({_EACH_PURPOSE}) AND subject = :subject
"""  # noqa: S608 - constants

DROP_OF_SUBJECTS = f"""
    DELETE FROM challenges
    WHERE project_id = :project_id AND purpose IN ({_EACH_PURPOSE}) AND subject IN (:subjects)
"""  # noqa: S608 - constants

FORGET = """
    DELETE FROM challenges WHERE project_id = :project_id AND id IN (
        SELECT id FROM challenges WHERE project_id = :project_id AND expires_at <= :before
        ORDER BY expires_at LIMIT :most
    )
"""

# A wrong code counts twice: for the account, and for the address that the code was sent to.
COUNT = """
    INSERT INTO counters (project_id, id, value, ends_at)
    VALUES (:project_id, :subject, 1, :ends_at), (:project_id, :address, 1, :ends_at)
    ON CONFLICT (project_id, id) DO UPDATE
    SET value = CASE WHEN counters.ends_at <= :now THEN 1 ELSE counters.value + 1 END,
        ends_at = CASE WHEN counters.ends_at <= :now THEN excluded.ends_at ELSE counters.ends_at END
"""

COUNTED = """
    SELECT value, ends_at FROM counters
    WHERE project_id = :project_id AND id IN (:subject, :address) AND ends_at > :now
    ORDER BY value DESC LIMIT 1
"""

# A wrong try at a secret that nobody sent counts twice too: for this hour, and for this day.
COUNT_TRY = """
    INSERT INTO counters (project_id, id, value, ends_at)
    VALUES (:project_id, :hourly, 1, :hour_ends_at), (:project_id, :daily, 1, :day_ends_at)
    ON CONFLICT (project_id, id) DO UPDATE
    SET value = CASE WHEN counters.ends_at <= :now THEN 1 ELSE counters.value + 1 END,
        ends_at = CASE WHEN counters.ends_at <= :now THEN excluded.ends_at ELSE counters.ends_at END
"""

USED_UP = """
    SELECT value, ends_at FROM counters
    WHERE project_id = :project_id AND id IN (:hourly, :daily) AND ends_at > :now
      AND ((id = :hourly AND value >= :most_in_an_hour) OR (id = :daily AND value >= :most_in_a_day))
    ORDER BY ends_at DESC LIMIT 1
"""

FORGET_COUNTERS = """
    DELETE FROM counters WHERE project_id = :project_id AND id IN (
        SELECT id FROM counters WHERE project_id = :project_id AND ends_at <= :now
        ORDER BY ends_at LIMIT :most
    )
"""

RETURNS = {
    "TAKE_CODE": TakenRow,
    "SPEND_OF_SUBJECT": SpentRow,
    "SPEND_BY_ID": SpentLinkRow,
    "FIND_BY_ID": SpentRow,
    "FATE_OF_SUBJECT": FateRow,
    "FATE_BY_ID": FateRow,
    "CONSUME": IdRow,
    "REBIND": IdRow,
    "COUNTED": CounterRow,
    "USED_UP": CounterRow,
}
