"""Loads the test bed for every test, and lets generated examples take their time: a busy machine is no finding."""

from hypothesis import settings

pytest_plugins = [
    "tests.bed.plugin",
    "tests.bed.cases",
    "tests.bed.modules",
    "tests.bed.peers",
    "tests.bed.backends",
    "tests.bed.idps",
    "tests.bed.openid_provider",
    "tests.bed.tables",
    "tests.contract.recording",
]

settings.register_profile("avow", deadline=None)
settings.load_profile("avow")
