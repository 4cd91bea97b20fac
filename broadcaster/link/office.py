"""Asking the office, once, to be enrolled: by a one-time code, over TLS."""

from __future__ import annotations

from broadcaster.bulletin import strict_json
from broadcaster.bulletin.enrolment import LARGEST, Enrolment, EnrolmentRefused
from broadcaster.office_call import OfficeRefused, post


def ask_to_enrol(office: str, code: str, root: str, public_key: str, pin: str = "") -> Enrolment:
    """POST the code and the box's key to `office`/enrol. `root` is the digest of the county's first
    root; `pin` the SHA-256 of the office's certificate, in the place of public authorities, or "".

    Raises `EnrolmentRefused`.
    """
    body = strict_json.write({"code": code, "key": public_key})
    try:
        status, answer = post(office, "/enrol", body, pin, LARGEST)
    except OfficeRefused as error:
        raise EnrolmentRefused(f"县里：{error}") from error
    if status != 200:
        raise EnrolmentRefused("县里没有接受这个代码，可能用过了或者过期了，请让县里重新给一个。")
    enrolment = Enrolment.from_bytes(answer)
    if enrolment.root != root.lower():
        raise EnrolmentRefused("县里的根和写下来的不一样，可能有人冒充，没有登记。请和县里核对。")
    return enrolment
