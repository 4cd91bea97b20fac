from pathlib import Path

import pytest

from broadcaster.errors import DeviceLost
from broadcaster.foothold import leave_memory
from broadcaster.playout.cards import Card, CardChoice, choose_output, list_cards
from broadcaster.playout.sound_messages import AbsentOutput, CardOutput, SilentOutput

# As the kernel of a Raspberry Pi with a USB card prints it.
CARDS_FILE = """\
 0 [vc4hdmi0       ]: vc4-hdmi - vc4-hdmi-0
                      vc4-hdmi-0
 1 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones
                      bcm2835 Headphones
 2 [Device         ]: USB-Audio - USB Audio Device
                      C-Media Electronics Inc. USB Audio Device at usb-0000:01:00.0-1.3, full speed
"""


@pytest.fixture
def cards(tmp_path: Path) -> list[Card]:
    (tmp_path / "cards").write_text(CARDS_FILE)
    return list_cards(tmp_path / "cards")


def config_of(chosen: object) -> str:
    assert isinstance(chosen, CardOutput)
    assert chosen.name == "village"
    return chosen.alsa_config.read_text()


def test_the_kernel_s_list_is_read(cards: list[Card]) -> None:
    assert [card.id for card in cards] == ["vc4hdmi0", "Headphones", "Device"]
    assert cards[2] == Card("Device", "USB-Audio", "USB Audio Device")


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
    assert chosen == SilentOutput()
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

    def __init__(self, device: str, folder: Path) -> None:
        self.cards: list[Card] = []
        self.choice = CardChoice(device, folder / "state", {}, lambda: self.cards)

    def look(self, *cards: Card) -> str:
        """The id of the card that is taken, else `silent` or why there is none."""
        self.cards = list(cards)
        output, _ = self.choice.look()
        if isinstance(output, CardOutput):
            return config_of(output).split('card "')[1].split('"')[0]
        return output.reason if isinstance(output, AbsentOutput) else "silent"


def test_auto_takes_a_card_that_comes_later(tmp_path: Path, cards: list[Card]) -> None:
    socket = Socket("auto", tmp_path)
    assert socket.look() == "silent"
    assert "没有找到声卡" in socket.choice.look()[1]
    assert socket.look(*cards[:2]) == "Headphones"
    assert socket.look(*cards) == "Device"
    assert socket.choice.look()[1] == ""


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
