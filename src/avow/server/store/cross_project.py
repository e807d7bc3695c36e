"""The statements that belong to no project, each with its reason; every other one binds `:project_id`.

They are named, not imported: the store knows none of the slices above it. A test resolves the names.
"""

__all__ = ["CROSS_PROJECT"]

CROSS_PROJECT: tuple[tuple[str, str], ...] = (
    ("avow.server.store.rows.INSERT_CHECK", "The check value of the secret key belongs to the installation."),
    ("avow.server.store.rows.FIND_CHECK", "The check value of the secret key belongs to the installation."),
    ("avow.server.store.rows.FIND_REVISION", "The schema belongs to the installation."),
    ("avow.server.store.rows.ADD_COUNTERS", "Rate limits count callers before a project is known."),
    ("avow.server.store.rows.SWEEP_COUNTERS", "Rate limits count callers before a project is known."),
    ("avow.server.projects.rows.LIST", "The operator asks which projects there are."),
    ("avow.server.projects.rows.COUNT", "Whether a server has room for one more project is about all of them."),
    ("avow.server.projects.rows.ORIGINS", "A browser asks for the origins of a server before it names a project."),
    ("avow.server.operations.leavings.rows.LEAVING", "The housekeeper looks after every project that was deleted."),
    ("avow.server.operations.rows.WAITING", "The operator asks how much waits, of any project."),
    ("avow.server.operations.rows.MARK_DEVELOPMENT", "Whether `avow dev` made the data belongs to the installation."),
    ("avow.server.operations.rows.FIND_DEVELOPMENT", "Whether `avow dev` made the data belongs to the installation."),
    ("avow.server.delivery.rows.LEASE", "A courier takes whatever is due, of any project."),
    ("avow.server.delivery.rows.NEXT_DUE", "A courier sleeps until anything is due."),
    ("avow.server.delivery.rows.DROP_OVERDUE", "Messages that nobody sends are dropped together, of any project."),
    ("avow.server.audit.rows.DUE", "A postman sleeps until an event of any project is due."),
    ("avow.server.oidc.rows.ENDED", "A herald looks for sessions of any project that have ended."),
    ("avow.server.oidc.rows.DUE_LOGOUTS", "A herald sleeps until a log-out of any project is due."),
    ("avow.server.delivery.rows.DELETE_OLD", "Finished messages of every project are forgotten together."),
)
