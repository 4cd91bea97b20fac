"""The office's site, and somebody at a browser who uses it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from county.county_office import BROKER, TOWN, OfficeDesk, pretend_booth
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from broadcaster.county.notices.preview import OfficePreviews
from broadcaster.county.pages.app import create_app
from broadcaster.county.pages.base.page_context import EnrolmentTrust, OfficeContext
from broadcaster.county.store.office_settings import OfficeSettings

LogIn = Callable[[str], "Visitor"]


class Visitor:
    """Somebody at a browser: a form is posted with the token that a page gave."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def see(self, path: str) -> str:
        answer = self.client.get(path, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, path: str, seen_on: str = "/", **fields: Any) -> TestResponse:
        page = self.client.get(seen_on, follow_redirects=True).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token, page
        answer = self.client.post(path, data=fields | {"csrf_token": token[1]})
        return self.client.get(answer.location) if leads_to_answer(answer) else answer

    def send(self, **fields: Any) -> TestResponse:
        given = {"text": "今天下午停水。", "areas": TOWN, "severity": "4", "hours": "6"}
        return self.post("/compose/send", **given | fields)


def leads_to_answer(answer: TestResponse) -> bool:
    """Whether it leads to the page that is its answer, and not to what was made."""
    to = answer.headers.get("Location", "")
    return answer.status_code == 303 and bool(re.match("/answer/|/compose/", to))


def app_of(
    desk: OfficeDesk,
    folder: Path,
    previews: OfficePreviews | None = None,
    address: str = "https://office.example",
) -> Flask:
    trusted = EnrolmentTrust(desk.folder.pin, lambda: desk.folder.keyring.to_bytes(), BROKER)
    settings = OfficeSettings(name="青田县应急", address=address)
    return create_app(OfficeContext(desk.parts, settings, trusted, previews or pretend_booth()), folder)
