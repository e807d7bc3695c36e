"""A session for whoever proved enough, and the password that they chose on the way to it."""

from dataclasses import replace

from avow.server.challenges import actions as challenges
from avow.server.delivery.actions import notify
from avow.server.serving import ChosenPassword, Client, Issued, Project, Refusal
from avow.server.sessions import actions as sessions
from avow.server.sessions.actions import Opening
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.server.users.actions import Profile

__all__ = ["open_session", "write_password"]


def open_session(
    tx: Tx, project: Project, client: Client, user_id: str, opening: Opening, profile: Profile | None = None
) -> Issued | Refusal:
    """Open a session as `sessions.open_session` does, and write the password that was chosen for it.

    Whoever replaces a password and has to show a second factor has it replaced by that: not before, since somebody who
    only knows the password would shut its owner out, and not never, since the one before may be of no use any more.
    """
    issued = sessions.open_session(tx, project, client, user_id, opening, profile)
    if isinstance(issued, Refusal) or issued.password is None:
        return issued
    from avow.server.passwords import actions as passwords  # hashing takes long to import; few proofs come with one

    chosen, then = issued.password, issued.password.credential_version
    if then is None or passwords.claim(tx, user_id, then):
        held = users.hold(tx, user_id)
        if held is not None:
            write_password(tx, project, client, held, chosen, kept=issued.claims.session_id)
    return replace(issued, password=None)


def write_password(
    tx: Tx, project: Project, client: Client, profile: Profile, chosen: ChosenPassword, *, kept: str
) -> None:
    """Write a password that its user chose, and end all that the one before may have let in.

    Their other sessions, codes and links on their way (resets above all), and wrong tries. They are told by mail.

    Args:
        tx: The unit that claimed the user.
        project: Whose.
        client: Where it was chosen.
        profile: Whose it is.
        chosen: The password.
        kept: The session that goes on.
    """
    from avow.server.passwords import actions as passwords  # as above

    passwords.replace(tx, profile.id, chosen.encoded, "active", remembers=chosen.remembers, is_own=chosen.is_own)
    sessions.end_all(tx, profile.id, why="password changed", kept=kept)
    challenges.drop_all(tx, profile.id)
    tx.audit(
        "password.changed",
        actor=f"user:{profile.id}",
        user_id=profile.id,
        address=client.address,
        device=client.device,
    )
    is_told = profile.is_proven(by_email=True) and not profile.row.is_test
    notify(tx, project, client, "password-changed", profile.row.email if is_told else "")
