"""Request of a box or a relay to be let in: its code, its public key, and the proof that it has the
private half. A public key is no secret: it stands in the register.
"""

from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
from securesystemslib.signer import CryptoSigner, Signature

from broadcaster.bulletin import strict_json
from broadcaster.bulletin.invitation import Invitation
from broadcaster.bulletin.keys import public, public_from_hex

# The same key signs receipts: nothing of one kind is ever taken for the other.
PURPOSE = b"broadcaster enrolment\n"


def request_of(invitation: Invitation, signer: CryptoSigner) -> bytes:
    """JSON, to be sent to the office of the invitation."""
    key = str(public(signer).keyval["public"])
    asked = {"code": invitation.code, "key": key, "root": invitation.root}
    proof = signer.sign(_signed(**asked)).signature
    return strict_json.write({**asked, "proof": proof})


def is_proved(code: str, key: str, root: str, proof: str) -> bool:
    """True if who sent this has the key. `proof` is an Ed25519 signature as hex."""
    try:
        known = public_from_hex(key)
        known.verify_signature(Signature(known.keyid, proof), _signed(code, key, root))
    except (ValueError, UnverifiedSignatureError, VerificationError):
        return False
    return True


def _signed(code: str, key: str, root: str) -> bytes:
    return PURPOSE + strict_json.write({"code": code, "key": key, "root": root})
