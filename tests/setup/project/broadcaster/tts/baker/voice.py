import part.late  # noqa: F401
