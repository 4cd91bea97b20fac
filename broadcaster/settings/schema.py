"""The schema of the files in config/. They are read once, checked as a whole and handed out as frozen
values.
"""

from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar
from zoneinfo import ZoneInfo, available_timezones

import yaml
from pydantic import AfterValidator, Field, StringConstraints, ValidationError, model_validator

from broadcaster.core.errors import ConfigError, reason_of
from broadcaster.core.notice import FASTEST, SLOWEST, Severity, Signal
from broadcaster.core.project_folders import CONFIG_FOLDER, under_project
from broadcaster.settings.hourly_limits import SOFTER, LoopSettings, QuietSettings, VolumeByHour
from broadcaster.settings.problems import did_you_mean, problem
from broadcaster.settings.values import Pace, Repeats, Section, SignalName, Tempo, VoiceName


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        # The nearest to Asia/Beijing by its letters is Asia/Brunei, at 0.7.
        meant = did_you_mean(name, available_timezones(), alike=0.8) or "，中国各地都写 Asia/Shanghai"
        raise ValueError(f"没有这个时区：{name}{meant}")
    return name


Folder = Annotated[Path, AfterValidator(under_project)]


class StationSettings(Section):
    """The station: its name, place, default voice and way of speaking."""

    name: str = Field("我们村", description="the station's name on the page")
    timezone: Annotated[str, AfterValidator(_known_zone)] = Field(
        "Asia/Shanghai", description="IANA name of the time zone"
    )
    latitude: float | None = Field(None, ge=-90, le=90, description="for sunrise, degrees north")
    longitude: float | None = Field(None, ge=-180, le=180, description="for sunrise, degrees east")
    voice: VoiceName = Field("baker:female", description="the station's voice, engine:name")
    stand_ins: tuple[VoiceName, ...] = Field(
        ("baker:female",), description="voices that speak, in this order, when the wished one cannot"
    )
    pace: Pace = Field(1.0, description="speed of speech, 1.0 as trained")
    beats_per_minute: Tempo = Field(120, description="tempo of 快板, beats a minute")
    opening: str = Field("", description="said before every notice")
    opening_repeats: int = Field(2, ge=1, le=5, description="how often the opening is said")
    closing: str = Field("", description="said after every notice")
    chime: SignalName = Field(Signal.CHIME, description="what sounds before a notice")
    repeat_pause_seconds: float = Field(2.0, ge=0, le=60, description="silence between repeats, seconds")
    longest_text: int = Field(10_000, ge=1, le=50_000, description="longest notice, characters")
    first_notice: str = Field("", description="said at the first start of a box by scripts/run")

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class SeverityDefaults(Section):
    """Defaults for notices of one severity."""

    chime: SignalName | None = Field(None, description="what sounds before it; not set: station.chime")
    repeats: Repeats = Field(1, description="how often the text is said")
    pace: float = Field(1.0, ge=SLOWEST, le=FASTEST, description="multiplies station.pace")


class RedDefaults(SeverityDefaults):
    """A siren, and time to hear it where people are afraid."""

    chime: SignalName | None = Signal.SIREN
    repeats: Repeats = 3
    pace: float = Field(0.9, ge=SLOWEST, le=FASTEST)


class OrangeDefaults(SeverityDefaults):
    """A chime that nobody takes for the daily one."""

    chime: SignalName | None = Signal.ALERT
    repeats: Repeats = 2


class SeveritySettings(Section):
    """One table of what a severity does to the saying of a notice."""

    red: RedDefaults = RedDefaults()
    orange: OrangeDefaults = OrangeDefaults()
    yellow: SeverityDefaults = SeverityDefaults()
    blue: SeverityDefaults = SeverityDefaults()
    daily: SeverityDefaults = SeverityDefaults()

    def of(self, severity: Severity) -> SeverityDefaults:
        defaults: SeverityDefaults = getattr(self, severity.name.lower())
        return defaults


class SoundSettings(Section):
    """The device and the format of everything that is stored for it."""

    device: str = Field(
        "auto", min_length=1, description="auto, silent, a card's USB port or name, a PCM"
    )
    rate_hz: int = Field(48_000, ge=8_000, le=96_000, description="sample rate of clips, Hz")
    latency_seconds: float = Field(0.1, ge=0.02, le=0.5, description="the device's buffer, seconds")
    linger_seconds: float = Field(
        2.0, ge=0, le=60, description="how long the device stays open after an item, seconds"
    )
    volume: int = Field(100, ge=0, le=100, description="volume, per cent of full scale")
    volume_by_hour: tuple[VolumeByHour, ...] = Field(
        SOFTER, description="softer at some hours; the first window that holds the hour counts"
    )
    preset: Literal["horn", "column", "flat"] = Field(
        "horn", description="how speech is mastered, by the kind of loudspeaker"
    )


Relay = Annotated[int, Field(ge=0, le=27)]
ZoneName = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class AmplifierSettings(Section):
    """The amplifier's relays; a relay is a BCM number on the GPIO, a place from 1 on a serial board."""

    kind: Literal["none", "gpio", "serial"] = Field("none", description="what the relays hang on")
    power: Relay | None = Field(None, description="the relay of the whole amplifier")
    zones: dict[ZoneName, Relay] = Field({}, description="the relay of each line of horns")
    active_high: bool = Field(True, description="gpio: whether a high pin switches on")
    port: str = Field("", description="serial: the port, best by its name in /dev/serial/by-id")
    board: Literal["lcus", "kmtronic", "devantech"] = Field("lcus", description="serial: kind of board")
    answers: bool = Field(True, description="serial: whether the board answers when it is asked")
    warm_up_seconds: float = Field(2.0, ge=0, le=60, description="from the relay to the first sound")
    hold_seconds: float = Field(10.0, ge=0, le=600, description="on after an item, seconds")
    longest_on_minutes: float = Field(120, gt=0, le=1440, description="never on for longer, minutes")

    @model_validator(mode="after")
    def _wired(self) -> Self:
        relays = [*self.zones.values(), *([] if self.power is None else [self.power])]
        if self.kind == "none":
            return self
        if not relays:
            raise ValueError("power（总电源）和 zones（分区）至少要写一样")
        if len(set(relays)) < len(relays):
            raise ValueError("power 和 zones 里，同一路继电器写了两次")
        if self.kind == "serial" and not self.port:
            raise ValueError("kind: serial 还要写 port（串口）；broadcaster devices 列出有哪些串口")
        if self.kind == "serial" and not all(1 <= relay <= 8 for relay in relays):
            raise ValueError("kind: serial 的继电器要写 1 到 8")
        return self


class EdgeSettings(Section):
    """The online voices `edge:*`."""

    deadline_seconds: float = Field(
        10, ge=1, le=15, description="longest wait for one line before another voice speaks, seconds"
    )
    pitch_hz: int = Field(0, ge=-50, le=50, description="how much higher the voice speaks, Hz")
    volume_percent: int = Field(0, ge=-50, le=50, description="how much louder it speaks, per cent")


class VoicesSettings(Section):
    """The child process that makes speech."""

    idle_seconds: float = Field(
        120, ge=1, description="the voice child ends after so long without work, seconds"
    )
    deadline_seconds: float = Field(
        20,
        ge=1,
        le=300,
        description="longest wait for progress before a retry, longer on a slow machine, seconds",
    )
    threads: int = Field(2, ge=1, le=8, description="threads of a local engine")
    edge: EdgeSettings = EdgeSettings()


class CacheSettings(Section):
    """The sound that is kept."""

    limit_megabytes: int = Field(
        2000, ge=10, description="made sound beyond this goes, least recently aired first, MB"
    )


class SoundsSettings(Section):
    """The library of sound files."""

    limit_megabytes: int = Field(
        8000, ge=10, description="sound files together, beside 500 MB that stay free, MB"
    )


class ClockSettings(Section):
    """A board without a battery clock boots in the past."""

    wait_minutes: float = Field(
        10, ge=0, le=1440, description="how long what is due waits for a clock that nobody has set"
    )


class WebSettings(Section):
    """Address, ports and certificate of the village page."""

    host: str = Field("0.0.0.0", description="address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="port; 0 takes a free one")
    https_port: int | None = Field(
        8443, ge=0, le=65535, description="port for HTTPS; 0 takes a free one, null is none"
    )
    certificate: Folder | None = Field(None, description="PEM file with the chain; null is our own")
    key: Folder | None = Field(None, description="PEM file with its key")
    language_of_browser: bool = Field(
        False, description="English for browsers that want it, until somebody chooses on the page"
    )
    local_name: str = Field(
        "broadcaster", pattern="^[a-z0-9-]{0,40}$", description="found as NAME.local; empty is not told"
    )

    @model_validator(mode="after")
    def _paired(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate（证书）和 key（密钥）要两样都写，或者都不写")
        return self


class PathSettings(Section):
    """Folders, relative ones below the project's."""

    voices: Folder = Field(Path("voices"), description="installed voices")
    audio_cache: Folder = Field(Path("audio_cache"), description="made clips; safe to delete")
    state: Folder = Field(Path("state"), description="journal, account, control socket")


class Settings(Section):
    """All of config/broadcaster.yaml."""

    station: StationSettings = StationSettings()
    severity: SeveritySettings = SeveritySettings()
    sound: SoundSettings = SoundSettings()
    quiet: QuietSettings = QuietSettings()
    loops: LoopSettings = LoopSettings()
    amplifier: AmplifierSettings = AmplifierSettings()
    voices: VoicesSettings = VoicesSettings()
    cache: CacheSettings = CacheSettings()
    sounds: SoundsSettings = SoundsSettings()
    clock: ClockSettings = ClockSettings()
    web: WebSettings = WebSettings()
    paths: PathSettings = PathSettings()


class LexiconSettings(Section):
    """All of config/lexicon.yaml: a word, and how it is said by pinyin or by other characters."""

    words: dict[str, str] = Field({})
    places: dict[str, str] = Field({})
    surnames: dict[str, str] = Field({})


def load_settings(folder: Path = CONFIG_FOLDER) -> Settings:
    """Read broadcaster.yaml; `ConfigError` lists every problem at once."""
    return load_file(folder / "broadcaster.yaml", Settings)


def load_lexicon(folder: Path = CONFIG_FOLDER) -> LexiconSettings:
    """Read lexicon.yaml; a missing file is an empty lexicon."""
    return load_file(folder / "lexicon.yaml", LexiconSettings)


S = TypeVar("S", bound=Section)


def load_file(path: Path, shape: type[S]) -> S:
    """A YAML file of this shape; a missing one in a folder that is there means what is usual. Raises
    `ConfigError`.
    """
    if not path.parent.is_dir():
        is_file = path.parent.exists()
        wrong = f"{path.parent} 这是文件，要写文件夹" if is_file else f"没有文件夹 {path.parent}"
        raise ConfigError([f"{wrong}，请看 --config 写对了没有。"])
    try:
        content = _parsed(path.name, path.read_text(encoding="utf-8")) if path.exists() else {}
    except OSError as error:
        raise ConfigError(
            [f"{path.name} 读不出来（{reason_of(error)}），请检查权限和存储卡。"]
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path.name} 里有不是 UTF-8 的字，请另存为 UTF-8 文本。"]) from error
    try:
        return shape.model_validate(content or {})
    except ValidationError as error:
        problems = [f"{path.name} {problem(detail, shape)}" for detail in error.errors()]
        raise ConfigError(problems) from error


def _parsed(name: str, text: str) -> object:
    if is_blank(text):
        raise ConfigError([f"{name} {BLANK}"])
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"第 {mark.line + 1} 行" if mark else ""
        what = f"{name} {line}不是正确的 YAML，请检查缩进、引号、括号和冒号后面的空格。"
        raise ConfigError([what]) from error


BLANK = (
    "是空的，里面的设置都没有了，可能是存储卡坏了。请从备份里拷回来，"
    "启动过的，旁边的 .last-good 里有上次能用的；真的什么都不要设，就写一行 # 空"
)


def is_blank(text: str) -> bool:
    """A file of no byte, of spaces or of zeros was not written so by anybody."""
    return not text.strip(" \t\r\n\0\ufeff")
