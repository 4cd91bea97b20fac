"""Who is known at the page of these tests, and what its forms are posted by."""

from collections.abc import Callable

from werkzeug.test import TestResponse

NAME, PASSWORD = "王秀英", "shuiku-2026"

Post = Callable[..., TestResponse]
