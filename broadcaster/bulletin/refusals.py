"""The reasons for which a bulletin, a keyring or a snapshot is refused, each with its sentence."""

from enum import StrEnum


class Refusal(StrEnum):
    """The value travels in receipts; `sentence` is for people."""

    TOO_BIG = "too_big"
    NOT_AN_ENVELOPE = "not_an_envelope"
    WRONG_TYPE = "wrong_type"
    UNKNOWN_KEY = "unknown_key"
    REVOKED_KEY = "revoked_key"
    BAD_SIGNATURE = "bad_signature"
    KEYRING_EXPIRED = "keyring_expired"
    UNKNOWN_VERSION = "unknown_version"
    UNKNOWN_FIELD = "unknown_field"
    BAD_SCHEMA = "bad_schema"
    AREA_NOT_ALLOWED = "area_not_allowed"
    SEVERITY_NOT_ALLOWED = "severity_not_allowed"
    NOT_FOR_THIS_BOX = "not_for_this_box"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    TOO_LONG_A_LIFE = "too_long_a_life"
    ALREADY_SEEN = "already_seen"
    OTHER_BYTES = "other_bytes"
    SEQUENCE_USED = "sequence_used"
    SEQUENCE_TOO_OLD = "sequence_too_old"
    SEQUENCE_JUMPED = "sequence_jumped"
    NOT_IN_FORCE = "not_in_force"
    CANCELLED = "cancelled"
    CANCEL_NOT_ALLOWED = "cancel_not_allowed"
    KEYRING_BROKEN = "keyring_broken"
    KEYRING_NOT_SIGNED = "keyring_not_signed"
    KEYRING_ROLLED_BACK = "keyring_rolled_back"
    KEYRING_GAP = "keyring_gap"
    SNAPSHOT_OLD = "heads_old"
    WRONG_BOX = "wrong_box"
    UNKNOWN_SESSION = "unknown_session"
    TOO_LATE = "too_late"

    @property
    def sentence(self) -> str:
        return SENTENCES[self]

    def told(self, detail: str) -> str:
        """The sentence, and where it was."""
        return f"{self.sentence}{detail and f'（{detail}）'}"


SENTENCES = {
    Refusal.TOO_BIG: "太大了，不读。",
    Refusal.NOT_AN_ENVELOPE: "不是签名的信封，读不懂。",
    Refusal.WRONG_TYPE: "信封里装的不是这里要的东西。",
    Refusal.UNKNOWN_KEY: "签名的钥匙不在钥匙串上。",
    Refusal.REVOKED_KEY: "签名的钥匙已经作废。",
    Refusal.BAD_SIGNATURE: "签名不对，内容可能被人改过。",
    Refusal.KEYRING_EXPIRED: "钥匙串过期了，请县里发新的。",
    Refusal.UNKNOWN_VERSION: "这是新版本的通知，广播站要先升级。",
    Refusal.UNKNOWN_FIELD: "通知里有一项广播站还不懂，又不能略过，广播站要先升级。",
    Refusal.BAD_SCHEMA: "通知的格式不对。",
    Refusal.AREA_NOT_ALLOWED: "发通知的单位管不到这个地方。",
    Refusal.SEVERITY_NOT_ALLOWED: "发通知的单位不能发这个级别。",
    Refusal.NOT_FOR_THIS_BOX: "不是发给本村的。",
    Refusal.NOT_YET_VALID: "签发时间还没有到，双方的时钟不一致。",
    Refusal.EXPIRED: "已经过了有效期。",
    Refusal.TOO_LONG_A_LIFE: "有效期太长，超过这个级别的上限。",
    Refusal.ALREADY_SEEN: "这一则收到过了。",
    Refusal.OTHER_BYTES: "编号和收到过的一则相同，内容却不同。",
    Refusal.SEQUENCE_USED: "序号已经被另一则用过。",
    Refusal.SEQUENCE_TOO_OLD: "序号太旧。",
    Refusal.SEQUENCE_JUMPED: "序号跳得太远，钥匙可能被人偷用。",
    Refusal.NOT_IN_FORCE: "县里的清单上没有这一则，已经撤下。",
    Refusal.CANCELLED: "这一则已经取消。",
    Refusal.CANCEL_NOT_ALLOWED: "取消的单位不是原来的单位，也不是它的上级。",
    Refusal.KEYRING_BROKEN: "钥匙串的格式不对。",
    Refusal.KEYRING_NOT_SIGNED: "钥匙串的签名不够，不可信。",
    Refusal.KEYRING_ROLLED_BACK: "钥匙串比手里的旧。",
    Refusal.KEYRING_GAP: "钥匙串缺了中间的根。",
    Refusal.SNAPSHOT_OLD: "清单比手里的旧。",
    Refusal.WRONG_BOX: "回执不是这个广播站的。",
    Refusal.UNKNOWN_SESSION: "广播站重新启动过，要重新接通。",
    Refusal.TOO_LATE: "在路上耽搁太久，不算数了。",
}


class NotAccepted(Exception):
    """Something sent is refused; `detail` says where, for the record."""

    def __init__(self, refusal: Refusal, detail: str = "") -> None:
        super().__init__(refusal.told(detail))
        self.refusal, self.detail = refusal, detail
