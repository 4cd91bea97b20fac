"""From a tap on a village's page at the county's site to the first sample at the village's loudspeaker.

scripts/bench far [--rounds 20]
Office, site, Mosquitto over TLS and the box are real and on this machine; the box plays on a card that
does not exist (tests/rig), which knows when each sample sounded. Beside it the same tap at the box's own
page, and how long each takes for the home page.
"""

import argparse
import http.client
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory

from rig.far_office import far_office
from rig.rig import wait_until

from bench.box import CACHED, Box, row
from bench.page import CACHED_SECONDS, Phone, milliseconds
from broadcaster.web.server.server import serve

VILLAGE = "331121104200"


class FarPhone(Phone):
    """The same browser at the county's site, logged in by the account that was made at home."""

    def __init__(self, home: Phone, page: str) -> None:
        self._opener, self._page = home._opener, page
        self.send("/login", self.hidden("/login") | {"name": "王秀英", "password": "shuiku-2026"})

    def open(self, path: str, form: bytes | None = None) -> http.client.HTTPResponse:
        return super().open(path.lstrip("/"), form)


def first_samples(box: Box, phone: Phone, rounds: int) -> list[float]:
    def once() -> float:
        fields = phone.rehearse(CACHED)

        def tap() -> None:
            phone.send("/say/air", fields)
            time.sleep(CACHED_SECONDS)

        return box.time(tap)

    once()
    return [once() for _ in range(rounds)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        office = stack.enter_context(far_office(folder))
        enrolled: list[str] = []

        class Enrolled(Box):
            """Told before it starts that it belongs to the county."""

            def command(self, *arguments: str) -> list[str]:
                if not enrolled:
                    enrolled.append(office.enrol(self.state, VILLAGE, "洞背村"))
                    office.carry(enrolled[0])
                return super().command(*arguments)

        (folder / "box").mkdir()
        box = Enrolled(folder / "box", 600)
        stack.callback(box.process.wait)
        stack.callback(box.process.terminate)
        site = stack.enter_context(
            closing(serve(office.sites, "127.0.0.1", 0, leaving=office.sites.leave))
        )
        home = Phone(box)
        wait_until(lambda: office.parts.register.get(enrolled[0]).online, 30)
        far = FarPhone(home, f"http://127.0.0.1:{site.port}/village/{enrolled[0]}/")
        print("| ms | median | least | p95 | most |\n|---|---|---|---|---|")
        ways: dict[str, Callable[[], list[float]]] = {
            "tap to first sample, at the box's page": lambda: first_samples(box, home, rounds),
            "tap to first sample, over the county": lambda: first_samples(box, far, rounds),
            "home page, of the box": lambda: milliseconds(home.home, 5 * rounds),
            "home page, over the county": lambda: milliseconds(far.home, 5 * rounds),
        }
        for name, measure in ways.items():
            row(name, measure())


if __name__ == "__main__":
    main()
