"""What Flask, FastAPI and their like share: who sends a request, what they may, and how tokens stay in a browser.

Nothing here knows a framework, and nothing does I/O: generators say what to ask of the SDK's client.
"""
