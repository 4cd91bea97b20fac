"""What lies beside an office's database, and was harmed: the relay's folder, villages' and root keys."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from county.county_office import SENTENCE, VILLAGE
from rig.broker import free_port
from rig.damage import HARMS, flip_bit
from rig.fakes import ManualClock

from broadcaster.bulletin.keys import KeyLocked
from broadcaster.core.errors import BroadcasterError
from broadcaster.county.broker.mosquitto import Broker
from broadcaster.county.keys.key_folder import KeyFolder, open_key
from broadcaster.county.keys.village_keys import VillageKeys
from broadcaster.county.relay.relay_process import Relay, open_relay

READABLE = [name for name in HARMS if name != "not readable"]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office with a relay that has run once; nobody answers it."""
    folder = tmp_path_factory.mktemp("relaying") / "county"
    roots = [folder / f"root-{number}.key" for number in (1, 2, 3)]
    KeyFolder.create(folder, "331121", "青田县", roots, lambda _: SENTENCE, datetime.now(UTC))
    Broker(folder / "broker").make(["127.0.0.1"], free_port(), "127.0.0.1")
    relay = {"area": "33", "root": "ab" * 32, "host": "127.0.0.1", "port": free_port()}
    written = {"broker": {"port": free_port()}, "relay": relay}
    (folder / "office.yaml").write_text(json.dumps(written), encoding="utf-8")
    (folder / "relay").mkdir()
    (folder / "relay" / "above_password").write_text("of-the-relay-alone")
    shutil.copy(folder / "broker" / "authority.pem", folder / "relay" / "above.pem")
    with relaying(folder) as relay_of_it:
        assert relay_of_it.status().fault == ""
    return folder


@contextmanager
def relaying(folder: Path) -> Iterator[Relay]:
    with open_relay(folder) as relay:
        yield relay


@pytest.fixture
def office(begun: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(begun, tmp_path / "county"))


@pytest.mark.parametrize("harm", READABLE)
@pytest.mark.parametrize("name", ["relay.pem", "relay.db", "below_password"])
def test_a_relay_carries_on_without_its_key_or_its_book_and_tells_it(
    office: Path, name: str, harm: str
) -> None:
    damaged = office / "relay" / name
    flip_bit(damaged, 0.0) if name == "relay.db" and harm == "one bit" else HARMS[harm](damaged)
    with relaying(office) as relay:
        told = relay.status()
        assert relay.downlink and told.fault in told.sentence
    heals_alone = name == "below_password" or (name, harm) == ("relay.db", "missing")
    assert bool(told.fault) is not heals_alone
    with relaying(office) as relay:
        assert relay.status().fault == ""
        assert relay.status().public_key == told.public_key


@pytest.mark.parametrize("name", ["relay.pem", "relay.db", "below_password"])
def test_what_a_relay_cannot_read_is_told(office: Path, name: str) -> None:
    HARMS["not readable"](office / "relay" / name)
    with pytest.raises(BroadcasterError, match=re.escape(name)), relaying(office):
        pass


@pytest.mark.parametrize("harm", ["zeros", "empty", "missing", "not readable"])
@pytest.mark.parametrize("name", ["above.pem", "above_password"])
def test_what_a_relay_was_given_from_above_is_told_by_name(office: Path, name: str, harm: str) -> None:
    HARMS[harm](office / "relay" / name)
    with pytest.raises(BroadcasterError, match=re.escape(name)), relaying(office):
        pass


@pytest.mark.parametrize("harm", HARMS)
def test_a_village_whose_key_is_damaged_is_told_and_opened_again(office: Path, harm: str) -> None:
    folder = KeyFolder(office)
    signer, clock = folder.unlock(SENTENCE), ManualClock()
    clock.step(datetime.now(UTC) - clock.now())
    VillageKeys(folder, lambda: signer, SENTENCE, clock).open(VILLAGE, "西圩村")
    again = VillageKeys(folder, lambda: signer, SENTENCE, clock)
    (key,) = (office / "villages").glob("*.key")
    HARMS[harm](key)
    assert again.signer(VILLAGE) is None
    # One that is away is taken for a village's own: `open` says which command takes that back.
    assert ("西圩村" in "".join(again.warnings())) is (harm != "missing")
    again.close(VILLAGE)
    if harm == "missing":
        with pytest.raises(BroadcasterError, match="作废"):
            again.open(VILLAGE, "西圩村")
        return
    again.open(VILLAGE, "西圩村")
    assert again.signer(VILLAGE) and again.warnings() == []


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_root_key_is_told_by_name(office: Path, harm: str) -> None:
    HARMS[harm](office / "root-1.key")
    with pytest.raises(KeyLocked, match=re.escape("root-1.key")):
        open_key(office / "root-1.key", SENTENCE)
