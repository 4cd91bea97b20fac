"""The context of the office's pages: its parts, its settings, its trust for boxes, its previews."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from broadcaster.bulletin.invitation import Invitation
from broadcaster.county.keys.village_keys import VillageKeys
from broadcaster.county.notices.draft import Draft
from broadcaster.county.notices.preview import OfficePreviews
from broadcaster.county.pages.base.office_services import OfficeServices
from broadcaster.county.register.register import BrokerAddress
from broadcaster.county.store.office_settings import OfficeSettings
from broadcaster.store.login_attempts import AttemptsByAddress


@dataclass(frozen=True)
class EnrolmentTrust:
    """The trust that a box gets at enrolment: the digest that pins the root, the keyring, the broker."""

    pin: str
    keyring: Callable[[], bytes]
    broker: BrokerAddress


@dataclass
class HttpsFront:
    """The site's HTTPS, once it is open; `pin` is the SHA-256 of a certificate that no public authority
    has signed, or "".
    """

    https_port: int | None = None
    pin: str = ""


@dataclass(frozen=True)
class OfficeContext:
    """Given to the app once, by `create_app`."""

    parts: OfficeServices
    settings: OfficeSettings
    trusted: EnrolmentTrust
    previews: OfficePreviews
    # What somebody must see to before villages go deaf.
    warnings: Callable[[], Sequence[str]] = tuple
    # Since when there has been no line to the broker; None while there is one.
    cut_since: Callable[[], datetime | None] = lambda: None
    # Which villages' pages the site carries; None for a site that carries none.
    villages: VillageKeys | None = None
    front: HttpsFront = field(default_factory=HttpsFront)
    # Wrong codes of 59 bits: villages behind one operator's address do not keep each other out.
    tries: AttemptsByAddress = field(default_factory=lambda: AttemptsByAddress(most_of_address=300))

    def invitation(self, code: str, seen_at: str) -> Invitation:
        """For who is let in by this code; `seen_at` is the address by which somebody sees the site."""
        return Invitation(self.address(seen_at), code, self.trusted.pin, self.front.pin)

    def address(self, seen_at: str) -> str:
        """The address of the site for boxes: by the settings, else over TLS at the host where it is
        seen.
        """
        url = urlsplit(seen_at)
        if self.settings.address or url.scheme == "https" or self.front.https_port is None:
            return self.settings.address or seen_at
        return f"https://{url.hostname}:{self.front.https_port}"

    def spoken(self, draft: Draft) -> list[str]:
        """The lines of a draft as they will be said. Raises `TextRefused`."""
        return [line.spoken for line in self.previews.script(draft).lines]
