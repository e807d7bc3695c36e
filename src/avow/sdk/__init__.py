"""The SDK: calls are values (`calls`), what a call takes is a generator (`flow`), and two thin drivers run it.

`_async` is written by hand; `_sync` is generated from it by `make generate`. Nothing here imports the server.
"""
