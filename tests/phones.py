"""Phones with an authenticator app. The app is pyotp, and its camera reads the QR image as any other would."""

import base64
import io
from dataclasses import dataclass

import pyotp
import zxingcpp
from PIL import Image
from pyotp.totp import TOTP

from avow.core.totp import STEP_SECONDS, key_text
from avow.testing.server import Avow

__all__ = ["Phone", "begin_a_step", "holding", "opening", "scanning", "scanning_png", "typing"]

_QR_CODES = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


@dataclass(frozen=True, slots=True)
class Phone:
    """An app that one seed was brought into."""

    app: TOTP

    def code(self, now: int, early: int = 0) -> str:
        """Return the code that is shown at an instant, or so many steps before or after it."""
        return self.app.at(now, counter_offset=early)


def begin_a_step(avow: Avow) -> None:
    """Move the clock on where the code of the step before would soon count no more: a test takes some seconds."""
    gone = avow.server.clock() % STEP_SECONDS
    if gone > STEP_SECONDS // 2:
        avow.advance(STEP_SECONDS - gone)


def scanning(image: str) -> Phone:
    """Return a phone that was held before the `image` of an answer."""
    return scanning_png(base64.b64decode(image, validate=True))


def scanning_png(png: bytes) -> Phone:
    """Return a phone that was held before a picture with one QR code in it."""
    with Image.open(io.BytesIO(png)) as picture:
        [found] = zxingcpp.read_barcodes(picture.convert("L"), formats=_QR_CODES)
    return opening(found.text)


def opening(provisioning_url: str) -> Phone:
    """Return a phone on which the `provisioningURL` of an answer was opened."""
    app = pyotp.parse_uri(provisioning_url)
    assert isinstance(app, TOTP)
    return Phone(app)


def typing(key: str) -> Phone:
    """Return a phone into which the `key` of an answer was typed."""
    return Phone(TOTP(key))


def holding(seed: bytes) -> Phone:
    """Return a phone that has had a seed before."""
    return typing(key_text(seed))
