"""Enrols the box at its office: by a one-time code, over TLS."""

from securesystemslib.signer import CryptoSigner

from broadcaster.bulletin.enrolment import LARGEST, Enrolment, EnrolmentRefused, request_of
from broadcaster.bulletin.invitation import FOR_BOX, Invitation
from broadcaster.system.https_post import OfficeRefused, post


def ask_to_enrol(invitation: Invitation, signer: CryptoSigner) -> Enrolment:
    """The office compares the root before it takes the code; who is not the office may not, so what it
    answers is compared too. Raises `EnrolmentRefused`.
    """
    try:
        body = request_of(invitation, signer)
        answer = post(invitation.office, FOR_BOX, body, invitation.pin, LARGEST)
    except OfficeRefused as error:
        raise EnrolmentRefused(f"县里：{error}") from error
    enrolment = Enrolment.from_bytes(answer)
    if enrolment.root != invitation.root:
        raise EnrolmentRefused("县里的根和写下来的不一样，可能有人冒充，没有登记。请和县里核对。")
    return enrolment
