"""A county's office and its broker, as programs that outlast being off and killed, in one folder."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml
from rig.broker import free_port
from rig.living import LivingProgram

COUNTY, NAME = "331121", "青田县应急管理局"
TOWNS = {"331121104": "高市乡", "331121105": "河口镇"}
PASSPHRASE = "三个和尚没水喝 2026"
PROGRAM = (sys.executable, "-m", "broadcaster.commands.cli")
BROKER = (
    sys.executable,
    "-m",
    "broadcaster.system.terminal",
    "broadcaster.county.broker.broker_program",
)


class LivingOffice:
    """`config` is the folder of the settings that texts are heard by first."""

    def __init__(self, folder: Path, config: Path, environment: Mapping[str, str]) -> None:
        self.folder, self.office_folder = folder, folder / "county"
        self._ports = {name: free_port() for name in ("broker", "http", "https")}
        self._environment = {**os.environ, **environment, "BROADCASTER_PASSPHRASE": PASSPHRASE}
        broker = str(self.office_folder / "broker"), "127.0.0.1", str(self.broker_port)
        office = "--config", str(config), "county", "run", "--office", str(self.office_folder)
        self.broker = self._program((*BROKER, *broker), "broker.log", "县里的消息服务器：")
        self.office = self._program((*PROGRAM, *office), "office.log", "https://")

    @property
    def broker_port(self) -> int:
        return self._ports["broker"]

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self._ports['https']}"

    @property
    def database(self) -> Path:
        return self.office_folder / "office.db"

    def found(self, box_port: int | None = None, **settings: object) -> None:
        """Keys, broker, office, in the order of docs/county.md; `box_port` is where boxes are let in."""
        roots = [part for n in (1, 2, 3) for part in ("--root-key", str(self.folder / f"root-{n}.key"))]
        init = *PROGRAM, "county", "init", COUNTY, "--name", NAME, *roots
        command = *init, "--office", str(self.office_folder)
        done = subprocess.run(
            command, env=self._environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        assert done.returncode == 0, done
        self.broker.start()
        broker = {"port": self.broker_port} | ({"box_port": box_port} if box_port else {})
        web = {"host": "127.0.0.1", "port": self._ports["http"], "https_port": self._ports["https"]}
        written = {"name": NAME, "address": self.address, **settings, "web": web, "broker": broker}
        text = yaml.safe_dump(written, allow_unicode=True)
        (self.office_folder / "office.yaml").write_text(text, encoding="utf-8")
        self.office.start()

    def _program(self, command: tuple[str, ...], log: str, up: str) -> LivingProgram:
        return LivingProgram(command, self._environment, self.folder / log, up)
