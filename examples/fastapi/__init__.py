"""The FastAPI example: an API that people may use as far as their permissions go."""
