"""Ed25519 keys: creates them, locks them with a passphrase and unlocks them. A key's id is derived from
the key.
"""

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.signer import CryptoSigner, Key, SSlibKey

from broadcaster.core.errors import BroadcasterError

# The algorithms that a key may have on our wire; an envelope names none.
ALGORITHMS = {("ed25519", "ed25519")}
SHORTEST_PASSPHRASE = 10


class KeyLocked(BroadcasterError):
    """A key that cannot be opened: wrong passphrase, damaged file, another kind of key."""


class PassphraseRefused(BroadcasterError):
    """A passphrase that protects nothing."""


def new_key() -> CryptoSigner:
    return CryptoSigner.generate_ed25519()


def lock(signer: CryptoSigner, passphrase: str) -> bytes:
    """PKCS 8, encrypted. Raises `PassphraseRefused`."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise PassphraseRefused(f"密码太短，至少要 {SHORTEST_PASSPHRASE} 个字符，可以用一句话。")
    encryption = serialization.BestAvailableEncryption(passphrase.encode("utf-8"))
    return _private(signer.private_bytes, None).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )


def unlock(locked: bytes, passphrase: str) -> CryptoSigner:
    """Raises `KeyLocked`."""
    return CryptoSigner(_private(locked, passphrase.encode("utf-8")))


def bare(signer: CryptoSigner) -> bytes:
    """For a key of a machine that nobody stands by to open: a box's own. Its public half stands above
    it, for one with a wrong bit is a key too, that nobody knows."""
    return f"{public(signer).keyval['public']}\n".encode("ascii") + signer.private_bytes


def from_bare(pem: bytes) -> CryptoSigner:
    """Raises `KeyLocked`."""
    known, end, _ = pem.partition(b"\n-----BEGIN ")
    signer = CryptoSigner(_private(pem, None))
    if end and known != str(public(signer).keyval["public"]).encode("ascii"):
        raise KeyLocked("钥匙坏了：和它上面写的公钥对不上。")
    return signer


def public(signer: CryptoSigner) -> SSlibKey:
    key = signer.public_key
    assert isinstance(key, SSlibKey)
    return key


def public_from_hex(text: str) -> SSlibKey:
    """The key of these 32 bytes, its id made from them. Raises ValueError."""
    return SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(bytes.fromhex(text)))


def is_sound(key: Key) -> bool:
    """True if the key has an allowed algorithm and its own id, so that one key cannot have two ids with
    a sequence each.
    """
    if (key.keytype, key.scheme) not in ALGORITHMS or not isinstance(key, SSlibKey):
        return False
    try:
        return public_from_hex(key.keyval["public"]).keyid == key.keyid
    except (ValueError, TypeError):
        return False


def _private(pem: bytes, password: bytes | None) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password)
    except (ValueError, TypeError):
        raise KeyLocked("钥匙打不开：密码不对，或者文件坏了。") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyLocked("这不是广播站用的钥匙。")
    return key
