"""The calls of the SDK as values: an endpoint and arguments in, a `Call` out. No I/O."""
