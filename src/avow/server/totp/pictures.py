"""The QR image of a seed, drawn here and by nobody else."""

import base64
import io

__all__ = ["qr_image"]

_PIXELS = 6  # a module; some 300 across for a usual login ID
_QUIET_MODULES = 4

# Comparing all eight masks takes most of the time, which anybody can make us spend; worn pictures were read as well
# under this one as under the best (39 of 40 each at the edge of what could be read).
_MASK = 0


def qr_image(text: str) -> str:
    """Return a QR image of a text as PNG in base64, black on white.

    Args:
        text: At most some 400 characters; it takes some milliseconds.

    Spec: ISO/IEC 18004 (error correction M, quiet zone of four modules). Section 7.8.3 would have the best of eight
    masks chosen; readers take each.
    """
    import segno  # not for a start: few requests need it

    png = io.BytesIO()
    segno.make_qr(text, error="m", mask=_MASK).save(png, kind="png", scale=_PIXELS, border=_QUIET_MODULES)
    return base64.b64encode(png.getvalue()).decode()
