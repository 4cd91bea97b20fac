"""The card that sound goes to is the one that the amplifier hangs at, or the box says why there is
none.
"""

from dataclasses import replace
from pathlib import Path

import pytest
from rig.fakes import Memory

from broadcaster.core.errors import DeviceLost
from broadcaster.playout.device.alsa_cards import (
    NO_CARD_HEARD,
    Card,
    CardChoice,
    choose_output,
    list_cards,
)
from broadcaster.playout.device.alsa_inputs import input_pcm, list_inputs
from broadcaster.playout.device.sound_messages import CardOutput, FileOutput, NoOutput, SilentOutput
from broadcaster.system.runtime_folder import leave_memory

# As the kernel of a Raspberry Pi with a USB card prints it.
CARDS_FILE = """\
 0 [vc4hdmi0       ]: vc4-hdmi - vc4-hdmi-0
                      vc4-hdmi-0
 1 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones
                      bcm2835 Headphones
 2 [Device         ]: USB-Audio - USB Audio Device
                      C-Media Electronics Inc. USB Audio Device at usb-0000:01:00.0-1.3, full speed
"""


TWINS_FILE = """\
 0 [Device         ]: USB-Audio - USB Audio Device
                      C-Media Electronics Inc. USB Audio Device at usb-0000:01:00.0-1.{0}, full speed
 1 [Device_1       ]: USB-Audio - USB Audio Device
                      C-Media Electronics Inc. USB Audio Device at usb-0000:01:00.0-1.{1}, full speed
"""


@pytest.fixture
def cards(tmp_path: Path) -> list[Card]:
    (tmp_path / "cards").write_text(CARDS_FILE)
    return list_cards(tmp_path / "cards", tmp_path / "sysfs")


def plug(sysfs: Path, number: int, hangs_at: str, *streams: str) -> None:
    """Make what the kernel shows of a card: the device it is a part of, and its streams."""
    place, device = sysfs / f"class/sound/card{number}", sysfs / "devices/platform/usb1" / hangs_at
    device.mkdir(parents=True, exist_ok=True)
    place.mkdir(parents=True)
    (place / "device").symlink_to(device)
    for stream in streams or ("pcmC0D0p",):
        (place / stream).mkdir()


def twins(folder: Path, first: int, second: int) -> list[Card]:
    """Two sticks of one make at these ports of a hub, in the order in which they were plugged in."""
    folder.mkdir()
    (folder / "cards").write_text(TWINS_FILE.format(first, second))
    plug(folder, 0, f"1-1/1-1.{first}/1-1.{first}:1.0")
    plug(folder, 1, f"1-1/1-1.{second}/1-1.{second}:1.0")
    return list_cards(folder / "cards", folder / "class/sound")


def config_of(chosen: object) -> str:
    assert isinstance(chosen, CardOutput)
    assert chosen.name == "village"
    return chosen.alsa_config.read_text()


def test_the_kernel_s_list_is_read(cards: list[Card]) -> None:
    assert [card.id for card in cards] == ["vc4hdmi0", "Headphones", "Device"]
    assert cards[2] == Card("Device", "USB-Audio", "USB Audio Device")


def test_an_input_is_found_by_what_people_call_its_card(tmp_path: Path) -> None:
    (tmp_path / "cards").write_text(CARDS_FILE)
    plug(tmp_path, 1, "bcm2835")
    plug(tmp_path, 2, "1-1/1-1.3/1-1.3:1.0", "pcmC2D0p", "pcmC2D0c")
    inputs = list_inputs(tmp_path / "cards", tmp_path / "class/sound")
    assert [card.id for card in inputs] == ["Device"], "those that take sound in"
    for name in ("device", "USB Audio Device", "1-1.3"):
        assert input_pcm(name, {}, inputs) == "plughw:CARD=Device"
    assert input_pcm("hw:1,0", {}, inputs) == "hw:1,0"
    assert input_pcm("tuner", {"ALSA_CONFIG_PATH": "somebody's"}, []) == "tuner"
    with pytest.raises(DeviceLost, match="没有叫 收音机 的声音输入。现有的：Device"):
        input_pcm("收音机", {}, inputs)


def test_a_machine_without_sound_has_no_cards(tmp_path: Path) -> None:
    (tmp_path / "cards").write_text("--- no soundcards ---\n")
    assert list_cards(tmp_path / "cards") == []
    assert list_cards(tmp_path / "none") == []


def test_auto_takes_the_usb_card(tmp_path: Path, cards: list[Card]) -> None:
    chosen, note = choose_output("auto", tmp_path / "state", {}, cards)
    assert config_of(chosen) == (
        'pcm.village { type plug  slave.pcm { type hw card "Device" } }\n'
        'pcm.default { type plug  slave.pcm "village" }\n'
    )
    assert note == ""


def test_auto_takes_a_board_s_own_socket_before_hdmi(tmp_path: Path, cards: list[Card]) -> None:
    chosen, _ = choose_output("auto", tmp_path, {}, cards[:2])
    assert 'card "Headphones"' in config_of(chosen)


def test_auto_without_a_card_is_silent_and_says_so(tmp_path: Path) -> None:
    chosen, note = choose_output("auto", tmp_path, {}, [])
    assert chosen == SilentOutput(NO_CARD_HEARD)
    assert "没有找到声卡" in note


def test_silent_is_silent_without_a_word(tmp_path: Path, cards: list[Card]) -> None:
    assert choose_output("silent", tmp_path, {"ALSA_CONFIG_PATH": "/rc"}, cards) == (SilentOutput(), "")


@pytest.mark.parametrize("device", ["Headphones", "headphones", "bcm2835 Headphones"])
def test_a_card_is_found_by_its_id_or_its_name(tmp_path: Path, cards: list[Card], device: str) -> None:
    chosen, _ = choose_output(device, tmp_path, {}, cards)
    assert 'card "Headphones"' in config_of(chosen)


def test_a_card_that_is_not_there_is_refused_with_those_that_are(
    tmp_path: Path, cards: list[Card]
) -> None:
    with pytest.raises(
        DeviceLost, match=r"没有叫 Attic 的声卡.*Headphones（bcm2835 Headphones）、Device"
    ):
        choose_output("Attic", tmp_path / "state", {}, cards)
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("device", ["default", "pulse", "plughw:CARD=Device,DEV=0"])
def test_a_pcm_of_the_machine_is_reached_through_its_own_configuration(
    tmp_path: Path, cards: list[Card], device: str
) -> None:
    chosen, _ = choose_output(device, tmp_path, {}, cards)
    assert config_of(chosen) == (
        f'</usr/share/alsa/alsa.conf>\npcm.village {{ type plug  slave.pcm "{device}" }}\n'
    )


@pytest.mark.parametrize(("device", "name"), [("auto", "village"), ("hall", "hall")])
def test_a_technician_s_configuration_is_used_as_it_is(
    tmp_path: Path, cards: list[Card], device: str, name: str
) -> None:
    chosen, _ = choose_output(device, tmp_path / "state", {"ALSA_CONFIG_PATH": "/etc/rc"}, cards)
    assert chosen == CardOutput(name, Path("/etc/rc"))
    assert not (tmp_path / "state").exists()


class Socket:
    """A machine whose cards come and go while a choice looks on."""

    def __init__(self, device: str, folder: Path, memory: Memory | None = None) -> None:
        self.cards: list[Card] = []
        self.choice = CardChoice(device, folder / "state", {}, lambda: self.cards, memory)

    def look(self, *cards: Card) -> str:
        """The id of the card that is taken, else `silent` or why there is none."""
        self.cards = list(cards)
        output, _ = self.choice.look()
        if isinstance(output, CardOutput):
            return config_of(output).split('card "')[1].split('"')[0]
        return output.reason if isinstance(output, NoOutput) else "silent"

    @property
    def note(self) -> str:
        return self.choice.look()[1]

    @property
    def unheard(self) -> str:
        """Why what sounds now cannot be taken as heard, or ""."""
        output, _ = self.choice.look()
        assert not isinstance(output, NoOutput | FileOutput)
        return output.unheard


def test_auto_takes_a_card_that_comes_later(tmp_path: Path, cards: list[Card]) -> None:
    socket = Socket("auto", tmp_path)
    assert socket.look() == "silent"
    assert "没有找到声卡" in socket.note
    assert socket.look(*cards) == "Device"
    assert socket.note == socket.unheard == ""


def test_auto_takes_a_better_card_that_comes_later_and_tells_that_it_is_another(
    tmp_path: Path, cards: list[Card]
) -> None:
    socket = Socket("auto", tmp_path)
    assert socket.look(*cards[:2]) == "Headphones"
    assert socket.note == socket.unheard == ""
    assert socket.look(*cards) == "Device"
    assert "原来接的是 Headphones" in socket.note and "没有人听见" in socket.unheard
    assert "Device（USB Audio Device） 不见了" in socket.look(*cards[:2])


def test_auto_does_not_leave_a_card_that_has_gone_for_a_worse_one(
    tmp_path: Path, cards: list[Card]
) -> None:
    socket = Socket("auto", tmp_path)
    socket.look(*cards)
    assert "Device（USB Audio Device） 不见了" in socket.look(*cards[:2])
    assert "不见了" in socket.look()
    assert socket.look(*cards) == "Device"


def test_auto_takes_another_card_of_the_kind_in_place_of_one_that_has_gone(
    tmp_path: Path, cards: list[Card]
) -> None:
    socket, spare = Socket("auto", tmp_path), Card("Spare", "USB-Audio", "Spare")
    socket.look(*cards)
    assert socket.look(spare, *cards) == "Device"
    assert socket.look(spare, *cards[:2]) == "Spare"
    assert "原来接的是 Device" in socket.note and "没有人听见" in socket.unheard
    assert socket.look(spare, *cards) == "Device"
    assert socket.note == socket.unheard == ""


def test_two_cards_of_one_make_are_told_apart_by_their_ports(tmp_path: Path) -> None:
    before, after = twins(tmp_path / "before", 2, 4), twins(tmp_path / "after", 4, 2)
    assert [card.stable_name for card in before] == ["1-1.2", "1-1.4"]
    for device, ids in (("1-1.2", ["Device", "Device_1"]), ("1-1.4", ["Device_1", "Device"])):
        socket = Socket(device, tmp_path)
        assert [socket.look(*before), socket.look(*after)] == ids
        assert socket.note == ""


def test_a_name_that_may_mean_another_card_after_a_start_is_told(tmp_path: Path) -> None:
    socket = Socket("Device", tmp_path)
    assert socket.look(*twins(tmp_path / "twins", 2, 4)) == "Device"
    assert "有 2 块一样的声卡" in socket.note and "1-1.2" in socket.note


def test_a_card_that_hangs_at_no_usb_port_keeps_its_id(tmp_path: Path) -> None:
    (tmp_path / "cards").write_text(CARDS_FILE)
    plug(tmp_path, 1, "soc/sound")
    assert [one.stable_name for one in list_cards(tmp_path / "cards", tmp_path / "class/sound")] == [
        *("vc4hdmi0", "Headphones", "Device")
    ]


def test_a_card_that_can_only_record_is_no_output(tmp_path: Path) -> None:
    (tmp_path / "cards").write_text(CARDS_FILE)
    plug(tmp_path, 2, "1-1/1-1.3/1-1.3:1.0", "pcmC2D0c")
    ids = [card.id for card in list_cards(tmp_path / "cards", tmp_path / "class/sound")]
    assert ids == ["vc4hdmi0", "Headphones"]


def test_after_a_start_auto_waits_for_the_card_of_yesterday(tmp_path: Path, cards: list[Card]) -> None:
    memory = Memory()
    assert Socket("auto", tmp_path, memory).look(*cards) == "Device"
    socket = Socket("auto", tmp_path, memory)
    assert "Device（USB Audio Device） 不见了" in socket.look(*cards[:2])
    assert "不见了" in socket.look()
    assert socket.look(*cards) == "Device"
    assert socket.unheard == ""


def test_after_a_start_the_twin_of_yesterday_s_card_is_used_and_not_taken_as_heard(
    tmp_path: Path,
) -> None:
    memory, (wired, other) = Memory(), twins(tmp_path / "twins", 2, 4)
    assert Socket("auto", tmp_path, memory).look(wired, other) == "Device"
    alone = Socket("auto", tmp_path, memory)
    assert alone.look(replace(other, id="Device")) == "Device"
    assert "插口 1-1.4" in alone.note and "插口 1-1.2" in alone.note
    assert "没有人听见" in alone.unheard
    both = Socket("auto", tmp_path, memory)
    assert both.look(other, wired) == "Device"
    assert both.note == both.unheard == ""


def test_a_person_says_which_card_is_wired_and_a_start_remembers(
    tmp_path: Path, cards: list[Card]
) -> None:
    memory = Memory()
    socket = Socket("auto", tmp_path, memory)
    assert socket.look(*cards) == "Device"
    socket.choice.use("headphones")
    assert socket.look(*cards) == "Headphones"
    assert socket.note == socket.unheard == ""
    assert Socket("auto", tmp_path, memory).look(*cards) == "Headphones"
    assert "Headphones（bcm2835 Headphones） 不见了" in Socket("auto", tmp_path, memory).look(cards[0])


def test_a_card_is_chosen_by_a_person_only_where_it_is_and_the_settings_leave_it_to_him(
    tmp_path: Path, cards: list[Card]
) -> None:
    socket = Socket("auto", tmp_path)
    socket.look(*cards)
    with pytest.raises(DeviceLost, match="没有叫 Attic 的声卡"):
        socket.choice.use("Attic")
    named = Socket("Headphones", tmp_path)
    named.look(*cards)
    with pytest.raises(DeviceLost, match=r"sound\.device 是 Headphones"):
        named.choice.use("Device")


@pytest.mark.parametrize("kept", ["{", "[]", '{"wired": {}}', '{"wired": 1, "held": 2}'])
def test_what_was_known_of_the_cards_may_be_unreadable(
    tmp_path: Path, cards: list[Card], kept: str
) -> None:
    memory = Memory()
    memory.put("sound_cards", kept)
    socket = Socket("auto", tmp_path, memory)
    assert socket.look(*cards) == "Device"
    assert socket.note == ""


def test_a_named_card_is_waited_for_and_found_at_any_place(tmp_path: Path, cards: list[Card]) -> None:
    socket = Socket("Headphones", tmp_path)
    assert "没有叫 Headphones 的声卡" in socket.look()
    assert "没有叫 Headphones 的声卡" in socket.look(cards[2])
    assert socket.look(*reversed(cards)) == "Headphones"


def test_a_state_folder_that_cannot_be_written_costs_no_card(tmp_path: Path, cards: list[Card]) -> None:
    (tmp_path / "state").write_text("a file")
    output, note = choose_output("auto", tmp_path / "state", {}, cards)
    assert isinstance(output, CardOutput) and note == ""
    assert "Device" in output.alsa_config.read_text()
    leave_memory(tmp_path / "state")
