"""The interface described for programs: OpenAPI 3.1, made of the same tables that answer requests."""
