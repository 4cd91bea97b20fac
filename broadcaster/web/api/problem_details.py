"""Errors for programs: problem details (RFC 9457), with the same sentence that a page shows."""

import re
from http import HTTPStatus
from typing import Any

from flask import Response, make_response
from flask.json.provider import DefaultJSONProvider
from pydantic import BaseModel, Field, ValidationError

from broadcaster.core.errors import BroadcasterError, FieldsRefused, KeptQuiet, StoreUnusable

MEDIA_TYPE = "application/problem+json"
WRONG_REQUEST = "请求的内容不对，广播没有动。看 errors 里写的是哪一项。"


class Json(DefaultJSONProvider):
    """Flask's own; what is nested too deeply to be read is no JSON, and no fault of ours."""

    def loads(self, s: str | bytes, **options: Any) -> Any:
        try:
            return super().loads(s, **options)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


class WrongFieldOut(BaseModel):
    """One place in the request, and what is wrong with it."""

    place: str
    detail: str


class ProblemOut(BaseModel):
    """An error; `detail` is a sentence in Chinese for a person."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[WrongFieldOut] = Field([])


def problem(
    code: int, sentence: str, kind: str = "", errors: list[WrongFieldOut] | None = None
) -> Response:
    """An answer with these details."""
    body = ProblemOut(title=HTTPStatus(code).phrase, status=code, detail=sentence, errors=errors or [])
    if kind:
        body.type = f"urn:broadcaster:{kind}"
    answer = make_response(body.model_dump(exclude_defaults=not errors) | {"type": body.type}, code)
    answer.content_type = MEDIA_TYPE
    if code == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def wrong_request(error: ValidationError) -> Response:
    """Everything at once that does not fit the description of the API."""
    errors = [
        WrongFieldOut(place="/".join(map(str, one["loc"])), detail=one["msg"])
        for one in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, WRONG_REQUEST, "wrong-request", errors)


def refusal(error: BroadcasterError) -> Response:
    """An expected error: the request cannot be done as it is, or not now."""
    code = HTTPStatus.UNPROCESSABLE_ENTITY
    if isinstance(error, KeptQuiet):
        code = HTTPStatus.CONFLICT
    if isinstance(error, StoreUnusable):
        code = HTTPStatus.SERVICE_UNAVAILABLE
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", error.wire_name).lower()
    fields = error.problems if isinstance(error, FieldsRefused) else ()
    wrong = [WrongFieldOut(place=field, detail=sentence) for field, sentence in fields if field]
    return problem(code, str(error), kind, wrong)


def described(*codes: int) -> dict[str | int | HTTPStatus, Any]:
    """These answers in the words of OpenAPI."""
    schema = {"$ref": "#/components/schemas/ProblemOut"}
    return {
        code: {"description": HTTPStatus(code).phrase, "content": {MEDIA_TYPE: {"schema": dict(schema)}}}
        for code in codes
    }
