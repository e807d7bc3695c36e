"""The scripts that applications' pages load: our browser SDK and our component."""

from avow.server.browser.handlers import SLICE

__all__ = ["SLICE"]
