"""Beside Flask-WTF, whose protection of every form would refuse the login page's script."""

from flask_wtf import CSRFProtect

from tests.applications import Network, SignIn
from tests.flask.conftest import Visitor
from tests.flask.shop import new_shop


def test_csrf_protection_of_the_application_leaves_the_blueprint_out_where_told(
    network: Network, sign_in: SignIn
) -> None:
    app = new_shop(network)
    csrf = CSRFProtect(app)
    visitor = Visitor(app.test_client())
    assert visitor.bring(sign_in()).status_code == 400
    csrf.exempt(app.blueprints["avow"])
    assert visitor.bring(sign_in()).status_code == 200
    assert visitor.post("/auth/logout").status_code == 200
    assert visitor.post("/token").status_code == 400
