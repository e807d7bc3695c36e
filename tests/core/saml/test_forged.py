"""S-SAM-01 to 13 and S-FED-10 without a server: each forged response is refused, for its own reason, in a second."""

import json
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import pytest

from avow.core.saml import SamlRefused, read_response
from tests.saml.corpus import ALICE, Forgery, forgeries, genuine
from tests.saml.stage import NOW, TOLD, cast, expected

ROOT = Path(__file__).resolve().parent.parent.parent.parent
CASES = [*(f"S-SAM-{number:02}" for number in (*range(1, 8), *range(9, 14))), "S-FED-10"]
SECONDS = 1
MEGABYTES = {"S-SAM-05": 50, "S-SAM-13": 100}
MEASURE = """
import json, resource, sys
from avow.core.saml import SamlRefused, read_response
from tests.saml.corpus import forgeries, genuine
from tests.saml.stage import NOW, TOLD, cast, expected

read_response(genuine(cast(), TOLD)[0].posted, expected(), NOW)
grown = {}
for forgery in (each for each in forgeries(cast(), TOLD) if each.case_id == sys.argv[1]):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        read_response(forgery.posted, expected(), NOW)
    except SamlRefused:
        pass
    grown[forgery.title] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps(grown))
"""


@cache
def corpus() -> tuple[Forgery, ...]:
    return tuple(forgeries(cast(), TOLD))


def test_genuine_responses_sign_their_person_in() -> None:
    for response in genuine(cast(), TOLD):
        said = read_response(response.posted, expected(response.demand), NOW)
        assert (said.subject, said.values("email")) == (ALICE, (ALICE,)), str(response)


@pytest.mark.parametrize("case_id", CASES)
def test_forged_responses_are_refused(case_id: str) -> None:
    tried = [forgery for forgery in corpus() if forgery.case_id == case_id]
    assert tried
    assert [wrong for forgery in tried if (wrong := fault(forgery))] == []


def fault(forgery: Forgery) -> str:
    """Return what is wrong with how a forgery is taken, "" for nothing."""
    demanded = expected(
        forgery.demand, needs_multi_factor=forgery.needs_multi_factor, max_age_seconds=forgery.max_age_seconds
    )
    started = time.process_time()
    try:
        said = read_response(forgery.posted, demanded, NOW)
    except SamlRefused as refused:
        right = refused.reason in forgery.reasons
        taken = f"refused: {refused}"
    else:
        right = (said.subject, said.values("email")) == (forgery.full_text, (forgery.full_text,))
        taken = f"accepted: {said.subject} {said.values('email')}"
    is_late = time.process_time() - started >= SECONDS
    return "" if right and not is_late else f"{forgery}: {taken}{' late' if is_late else ''}"


def test_every_case_that_needs_no_server_has_forgeries_of_its_own() -> None:
    assert {forgery.case_id for forgery in corpus()} == set(CASES)
    titles = [str(forgery) for forgery in corpus()]
    assert len(titles) == len(set(titles))


@pytest.mark.skipif(sys.platform == "darwin", reason="getrusage counts in another unit there")
@pytest.mark.parametrize("case_id", sorted(MEGABYTES))
def test_bombs_take_little_memory(case_id: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, case_id], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    grown = json.loads(done.stdout)
    assert grown
    assert max(grown.values()) < MEGABYTES[case_id] * 1024, max(grown, key=lambda title: grown[title])
