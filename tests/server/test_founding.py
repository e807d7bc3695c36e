"""How a project comes into being."""

from avow.server import founding
from avow.server.keys import actions as keys
from avow.server.projects import actions as projects
from avow.testing.server import Server


def test_project_is_founded_with_keys_roles_and_a_management_key(server: Server) -> None:
    store = server.site.store
    project_id = projects.new_id(server.clock())
    founded = store.run(project_id, lambda tx: founding.found(tx, "Shop", algorithm="EdDSA"))
    assert founded.project_id == project_id
    assert store.look(project_id, lambda tx: keys.find_management_key(tx, founded.management_key)) is not None
    states = store.look(project_id, lambda tx: {(key.key_set, key.state, key.algorithm) for key in keys.published(tx)})
    assert states == {("session", "active", "EdDSA"), ("session", "next", "EdDSA")}


def test_openid_keys_are_made_once(server: Server) -> None:
    store = server.site.store
    project_id = projects.new_id(server.clock())
    store.run(project_id, lambda tx: founding.found(tx, "Shop"))
    before = store.look(project_id, projects.find_version)
    assert founding.complete(store, project_id)
    assert not founding.complete(store, project_id)
    assert (store.look(project_id, projects.find_version) or 0) > (before or 0)  # nodes read the keys anew
    sets = store.look(project_id, lambda tx: [key.key_set for key in keys.published(tx)])
    assert sorted(sets) == ["oidc", "oidc", "session", "session"]
