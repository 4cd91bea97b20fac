"""Answers with a file that the browser saves under a name."""

from flask import Response

CSV = "text/csv; charset=utf-8"
JSON = "application/json; charset=utf-8"


def download(content: str | bytes, content_type: str, name: str) -> Response:
    answer = Response(content, content_type=content_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
