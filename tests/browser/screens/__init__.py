"""Every screen of flows as an example, in its faces, as documents that Chromium opens."""
