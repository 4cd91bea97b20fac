"""The settings file `office.yaml` of an office: its area, database, page and broker."""

from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field

from broadcaster.bulletin import areas
from broadcaster.bulletin.upstream_office import UpstreamOffice, is_upstream
from broadcaster.core.errors import ConfigError, reason_of
from broadcaster.settings.schema import WebSettings, load_file
from broadcaster.settings.values import Section
from broadcaster.system.last_good_settings import (
    LAST_GOOD,
    load_or_last_good,
    store_last_good,
    was_changed,
)

FILE, DATABASE = "office.yaml", "office.db"


class BrokerSettings(Section):
    """The broker's addresses: for the office, and for boxes."""

    host: str = Field("127.0.0.1", description="the broker as the office reaches it")
    port: int = Field(8883, ge=1, le=65535, description="its port")
    box_host: str = Field("", description="the broker as boxes reach it; empty is the same")
    box_port: int | None = Field(
        None, ge=1, le=65535, description="its port for boxes; null is the same"
    )
    folder: str = Field("broker", description="its folder, where users are added; empty: kept elsewhere")
    user: str = Field("office", description="the office's own user")
    password_file: str = Field("broker/office_password", description="the password, on its first line")
    authority: str = Field(
        "broker/authority.pem", description="PEM of the authority; empty is no TLS, on this machine only"
    )


class RelaySettings(Section):
    """The office above, whose bulletins `broadcaster county relay` brings to the county's broker."""

    area: str = Field("", description="code of the office above, like 33; empty is none")
    root: str = Field("", description="the fingerprint of its root, told by hand")
    host: str = Field("", description="its broker")
    port: int = Field(8883, ge=1, le=65535, description="its port")
    user: str = Field("", description="the relay's user there; empty is county- and the county's code")
    password_file: str = Field(
        "relay/above_password", description="the password there, on its first line"
    )
    authority: str = Field("relay/above.pem", description="PEM of the authority of that broker")
    user_below: str = Field("relay", description="the relay's user on the county's own broker")
    password_file_below: str = Field(
        "relay/below_password", description="its password; made by itself where the broker is ours"
    )

    def upstream_offices(self, county: str) -> tuple[UpstreamOffice, ...]:
        """The upstream offices that a box is to trust beside its county; none without a relay. Raises
        `ConfigError`.
        """
        if not (self.area or self.root or self.host):
            return ()
        try:
            found = UpstreamOffice(areas.trim(self.area), self.root.lower())
        except (ValueError, areas.AreaUnknown):
            found = None
        if found is None or not self.host or not is_upstream(found.area, county):
            raise ConfigError(
                [
                    f"{FILE} 的 relay 不对：area 要写上级的区划代码，如 33；"
                    "root 是上级的指纹，64 个字符；host 是上级的消息服务器。"
                ]
            )
        return (found,)


class KeepSettings(Section):
    """The time for which the office stores finished bulletins; one in force is never removed."""

    bulletins_days: int = Field(
        1825, ge=180, description="a bulletin that is over, with how it fared, days"
    )
    receipts_days: int = Field(730, ge=60, description="each receipt as it was signed, days")
    audit_days: int = Field(1825, ge=180, description="who did what, days")
    recordings_days: int = Field(90, ge=8, description="a recording that nothing in force uses, days")


class OfficeSettings(Section):
    """All of office.yaml; relative paths are below the office's folder."""

    name: str = Field("县应急", description="the office's name on its page")
    zone_name: str = Field("Asia/Shanghai", alias="zone", description="IANA name of the time zone")
    database: str = Field("", description="URL; empty is office.db, SQLite, in the office's folder")
    address: str = Field("", description="the page as boxes reach it, https://…; for enrolling")
    sound_address: str = Field(
        "", description="where boxes fetch recordings, http://… will do: they are signed; empty: address"
    )
    keep: KeepSettings = KeepSettings()
    web: WebSettings = WebSettings(port=8010, https_port=8453)
    broker: BrokerSettings = BrokerSettings()
    relay: RelaySettings = RelaySettings()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone_name)

    @property
    def fetched_from(self) -> str:
        """The address from which boxes fetch recordings; "" if nobody has set one."""
        return self.sound_address or self.address

    def database_url(self, folder: Path) -> str:
        return self.database or f"sqlite:///{(folder / DATABASE).absolute()}"


def load_office_settings(folder: Path) -> OfficeSettings:
    """Raises `ConfigError` with every problem at once."""
    settings = load_file(folder / FILE, OfficeSettings)
    broker = settings.broker
    if not broker.authority and broker.host not in ("127.0.0.1", "localhost", "::1"):
        raise ConfigError([f"{FILE} broker.authority 不能空：不加密的 MQTT 只能在本机上用。"])
    return settings


def load_office_to_run(folder: Path) -> tuple[OfficeSettings, str]:
    """The same for who must not stand still: what is damaged since the last start is taken as it was
    then, and told in Chinese. Raises `ConfigError` where it never was good.
    """
    wrong: list[ConfigError] = []
    settings = load_or_last_good(load_office_settings, folder, (FILE,), wrong.append)
    return settings, f"设置用不了，先按上次能用的办，请改好再重新启动：{wrong[0]}" if wrong else ""


def keep_office_settings(folder: Path, settings: OfficeSettings) -> str:
    """As the last good ones; in Chinese what is not as in those before, or ""."""
    try:
        before = load_office_settings(folder / LAST_GOOD).model_dump(mode="json")
        changed = was_changed(folder, (FILE,), before, settings.model_dump(mode="json"))
    except (ConfigError, OSError):
        changed = ""
    store_last_good(folder, (FILE,))
    return changed


def read_text(folder: Path, name: str) -> str:
    """A file that the settings name. Raises `ConfigError`."""
    try:
        return (folder / name).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        first = f"scripts/county_broker {folder / 'broker'} 域名"
        what = f"没有 {folder / name}。还没有消息服务器的话，请先运行：{first}"
        raise ConfigError([what]) from error
    except OSError as error:
        raise ConfigError([f"{folder / name} 读不出来：{reason_of(error)}。"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{folder / name} 不是文字文件，请检查 {FILE}。"]) from error
