"""Which output the station's `sound.device` means on this machine, and the ALSA configuration for it.

A configuration of our own names the card by its id, which keeps when numbers change, and keeps PortAudio
from probing the stock list: 19 MB in the sound child instead of 36.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from broadcaster.errors import DeviceLost
from broadcaster.foothold import in_foothold
from broadcaster.playout.sound_messages import AbsentOutput, CardOutput, Output, SilentOutput

PCM_NAME = "village"
CARDS_FILE = Path("/proc/asound/cards")
STOCK_CONFIG = Path("/usr/share/alsa/alsa.conf")
STOCK_PCMS = ("default", "sysdefault", "pulse", "pipewire", "jack")
NO_CARD = "没有找到声卡：只走流程，不出声。插上声卡就会用上，或用 --output-file 写到文件。"

# " 1 [Device         ]: USB-Audio - USB Audio Device"
CARD_LINE = re.compile(r"^\s*\d+ \[(?P<id>\S+)\s*\]: (?P<driver>\S+) - (?P<name>.*\S)", re.MULTILINE)


@dataclass(frozen=True)
class Card:
    """A sound card as the kernel lists it."""

    id: str
    driver: str
    name: str

    def __str__(self) -> str:
        return f"{self.id}（{self.name}）"


def list_cards(cards_file: Path = CARDS_FILE) -> list[Card]:
    """The cards of this machine; none where the kernel has no sound."""
    if not cards_file.exists():
        return []
    return [Card(**match.groupdict()) for match in CARD_LINE.finditer(cards_file.read_text())]


class CardChoice:
    """Looks again and again which output a setting means: a card may come late, go, or come back.

    What `auto` has found it leaves only for a card that is as good or better: sound on the board's own
    socket, where no amplifier hangs, would count as heard. One thread.
    """

    def __init__(
        self,
        device: str,
        state_folder: Path,
        environment: Mapping[str, str],
        cards: Callable[[], list[Card]] = list_cards,
    ) -> None:
        self._device = device
        self._state_folder = state_folder
        self._environment = environment
        self._cards = cards
        self._seen: list[Card] | None = None
        self._held: Card | None = None
        self._chosen: tuple[Output, str] = SilentOutput(), ""

    def look(self) -> tuple[Output, str]:
        """The output now, and a sentence of warning in Chinese or ""."""
        cards = self._cards()
        if cards != self._seen:
            self._seen = cards
            self._chosen = self._choose(self._worth_taking(cards))
        return self._chosen

    def _choose(self, cards: list[Card]) -> tuple[Output, str]:
        if self._device == "auto" and self._held and not cards:
            return AbsentOutput(f"声卡 {self._held} 不见了，请检查插头"), ""
        try:
            chosen = choose_output(self._device, self._state_folder, self._environment, cards)
        except DeviceLost as error:
            return AbsentOutput(str(error)), ""
        self._held = _best(cards) if self._device == "auto" else None
        return chosen

    def _worth_taking(self, cards: list[Card]) -> list[Card]:
        """For `auto`: no worse than the one it has, and that one before its equals."""
        if self._held is None:
            return cards
        held, rank = self._held, _rank(self._held)
        good = [card for card in cards if _rank(card) <= rank]
        return sorted(good, key=lambda card: card != held)


def choose_output(
    device: str, state_folder: Path, environment: Mapping[str, str], cards: list[Card]
) -> tuple[Output, str]:
    """The output, and a sentence of warning in Chinese or "".

    Where ALSA_CONFIG_PATH is set somebody has configured ALSA for us: a PCM of theirs is used as it is,
    `village` for `auto`. Raises `DeviceLost` for a card that is not there.
    """
    if device == "silent":
        return SilentOutput(), ""
    if configured := environment.get("ALSA_CONFIG_PATH"):
        return CardOutput(PCM_NAME if device == "auto" else device, Path(configured)), ""
    if ":" in device or device in STOCK_PCMS:
        return _output(f"<{STOCK_CONFIG}>\n", f'"{device}"', state_folder, device), ""
    card = _best(cards) if device == "auto" else _named(device, cards)
    if card is None:
        return SilentOutput(), NO_CARD
    return _output("", f'{{ type hw card "{card.id}" }}', state_folder, card.id), ""


def _best(cards: list[Card]) -> Card | None:
    return min(cards, key=_rank, default=None)


def _rank(card: Card) -> tuple[bool, bool]:
    """A card somebody plugged in before the board's own, and HDMI, where no amplifier hangs, last."""
    return "hdmi" in card.id.lower(), card.driver != "USB-Audio"


def _named(device: str, cards: list[Card]) -> Card:
    for card in cards:
        if device.lower() in (card.id.lower(), card.name.lower()):
            return card
    there = "、".join(map(str, cards)) or "一块也没有"
    raise DeviceLost(
        f"没有叫 {device} 的声卡。现有的声卡：{there}。"
        "请插好声卡，或者改 config/broadcaster.yaml 里的 sound.device（auto 自动找，silent 不出声）"
    )


def _output(included: str, slave: str, state_folder: Path, name: str) -> CardOutput:
    """`default` is defined too: without one PortAudio 19.6 aborts the process when it starts."""
    village = f"pcm.{PCM_NAME} {{ type plug  slave.pcm {slave} }}\n"
    default = "" if included else f'pcm.default {{ type plug  slave.pcm "{PCM_NAME}" }}\n'

    def write(folder: Path) -> Path:
        config = folder / "asoundrc"
        config.write_text(included + village + default, encoding="utf-8")
        return config

    try:
        return CardOutput(PCM_NAME, in_foothold(state_folder, write), name)
    except OSError as error:
        raise DeviceLost(
            f"声卡设置写不进 {state_folder}（{error.strerror}），请检查文件夹的权限"
        ) from error
