"""The broker is believed under each name by which its office and its boxes may call it."""

import socket
import ssl
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from rig.broker import BrokerRig

from broadcaster.county.broker.broker_program import names_of
from broadcaster.county.broker.certificate_authority import make_authority, make_server

OFFICE = "broker: {host: mqtt.internal.example, box_host: mqtt.example.cn}\n"


@pytest.fixture
def broker(tmp_path: Path) -> BrokerRig:
    """As docs/county.md starts it, beside an office whose settings call it otherwise."""
    (tmp_path / "office.yaml").write_text(OFFICE, encoding="utf-8")
    return BrokerRig(tmp_path / "broker")


def test_the_names_of_the_readme_and_of_the_offices_settings_are_believed(broker: BrokerRig) -> None:
    folder = broker.broker.folder
    broker.broker.make(names_of(folder, "203.0.113.7"), broker.port, "127.0.0.1")
    broker.start()
    context = ssl.create_default_context(cafile=str(folder / "authority.pem"))
    called = ("203.0.113.7", "127.0.0.1", "localhost", "mqtt.internal.example", "mqtt.example.cn")
    try:
        for name in called:
            with closing(socket.create_connection(("127.0.0.1", broker.port), 20)) as line:
                context.wrap_socket(line, server_hostname=name).close()
        with closing(socket.create_connection(("127.0.0.1", broker.port), 20)) as line:
            with pytest.raises(ssl.SSLCertVerificationError):
                context.wrap_socket(line, server_hostname="elsewhere.example")
    finally:
        broker.kill()


def test_settings_that_are_damaged_keep_no_broker_from_starting(broker: BrokerRig) -> None:
    folder = broker.broker.folder
    (folder.parent / "office.yaml").write_text("broker: [", encoding="utf-8")
    assert names_of(folder, "mqtt.example.cn") == ["mqtt.example.cn", "127.0.0.1", "localhost", "::1"]


def test_a_brokers_certificates_bear_the_strictest_check(tmp_path: Path) -> None:
    """As Python 3.13, Debian 13's, makes it by default."""
    make_authority(tmp_path)
    make_server(tmp_path, ["127.0.0.1"])
    check = ["openssl", "verify", "-x509_strict", "-CAfile", "authority.pem", "server.pem"]
    done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
