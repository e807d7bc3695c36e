"""The API as data: one `Endpoint` row per route and the shapes of its request and response.

Server, SDK, OpenAPI and documentation derive from these rows; a route is stated nowhere else.
"""
