"""The key of a project for SAML.

It signs requests to identity providers, opens what they encrypt for us, and signs what we say to service providers.

It is made when it is needed first, and sealed at rest. What others were told stays: there is one key until somebody
makes another, whose certificate is told before it is used.
"""

from typing import Final

from avow.core.saml import SamlKey, new_key
from avow.server.keys import rows
from avow.server.keys.rows import SamlKeyRow
from avow.server.serving import Project, Steps, aside, read, write
from avow.server.store import Tx

__all__ = ["certificate", "held", "needed"]

_FIRST: Final = "1"


def held(tx: Tx) -> tuple[SamlKey, ...]:
    """Return the keys of a project, the one in use first; none before it is needed.

    Raises:
        SealBroken: The secret key of the server is not the one that sealed them.
    """
    return tuple(_opened(tx, row) for row in tx.all(rows.SAML_KEYS, SamlKeyRow))


def certificate(tx: Tx) -> str:
    """Return the certificate of the key in use, PEM; "" when there is none yet."""
    found = tx.all(rows.SAML_KEYS, SamlKeyRow)
    return found[0].certificate if found else ""


def needed(project: Project) -> Steps[SamlKey]:
    """Return the key in use, made now if it is the first time; of two who make one, one's is kept."""
    found = yield from read(held)
    if not found:
        made = yield from aside(new_key, f"Avow {project.id}", (yield from read(_now)))
        yield from write(_keep, made)
        found = yield from read(held)
    return found[0]


def _keep(tx: Tx, made: SamlKey) -> None:
    sealed = tx.vault.seal(made.private, row=rows.sealed_key_row(tx.project_id, _FIRST))
    if tx.run(rows.ADD_SAML_KEY, id=_FIRST, certificate=made.certificate, sealed_private=sealed):
        tx.audit("sso.key_made", actor="server")


def _opened(tx: Tx, row: SamlKeyRow) -> SamlKey:
    private = tx.vault.open(row.sealed_private, row=rows.sealed_key_row(tx.project_id, row.id))
    return SamlKey(private=private, certificate=row.certificate)


def _now(tx: Tx) -> int:
    return tx.now
