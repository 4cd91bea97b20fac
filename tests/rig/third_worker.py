"""A third worker for two processors: it takes the time that the other two leave while they wait.

It gives way to them (`nice`) and takes only files of folders where nothing is listened to, for a sound
that is late there would be a fault of the load and not of the program. Two workers leave a quarter of
two processors' time.
"""

import os

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

THIRD = "gw2"
GIVES_WAY = 10
SILENT = frozenset(
    ("core", "house", "rules", "schedule", "settings", "setup", "station", "store", "text", "tts", "web")
)


class SilentForTheThird(LoadFileScheduling):  # type: ignore[misc]
    """Files in their order, but the third worker is given those of the silent folders alone."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        if node.gateway.id == THIRD:
            first = next((file for file in self.workqueue if file.split("/")[1] in SILENT), None)
            if first is None:
                node.shutdown()
                return
            self.workqueue.move_to_end(first, last=False)
        super()._assign_work_unit(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    return SilentForTheThird(config, log) if config.getoption("dist") == "loadfile" else None


def give_way() -> None:
    """To the other two, where this process is the third worker."""
    if os.environ.get("PYTEST_XDIST_WORKER") == THIRD:
        os.nice(GIVES_WAY)
