"""The official login component of version 3.70, through tests of version 4."""

from collections.abc import Callable

import pytest

from tests.browser.flows.conftest import Visitor
from tests.browser.flows.test_official_component import (  # noqa: F401 - these are the tests
    test_link_opened_in_another_tab_signs_both_in,
    test_nothing_is_asked_of_anybody_else_when_the_bundle_is_ours_too,
    test_passkey_is_created_after_a_code_and_signs_in,
    test_passkey_is_offered_in_the_field,
    test_password_signs_up_and_in,
    test_wrong_code_is_told_and_the_right_one_still_taken,
)

pytestmark = pytest.mark.browser


@pytest.fixture
def visitor(make_visitor: Callable[..., Visitor]) -> Visitor:
    made = make_visitor()
    made.version = "3"
    return made
