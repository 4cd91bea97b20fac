"""The one line by which a box or a relay comes in: copied whole, or told what it lacks."""

import pytest

from broadcaster.bulletin.invitation import FOR_BOX, FOR_COUNTY, Invitation, InvitationRefused

ROOT, PIN = "ab" * 32, "cd" * 32
GIVEN = Invitation("https://office.example:8453/county", "abcd-efgh-jkmn", ROOT, PIN)


@pytest.mark.parametrize("path", [FOR_BOX, FOR_COUNTY])
@pytest.mark.parametrize("pin", [PIN, ""])
def test_a_line_is_read_as_it_was_written(path: str, pin: str) -> None:
    given = Invitation(GIVEN.office, GIVEN.code, ROOT, pin)
    assert Invitation.read(f" {given.line(path)}\n", path) == given


def test_digests_may_be_copied_as_other_programs_show_them() -> None:
    shown = ":".join(PIN.upper()[at : at + 2] for at in range(0, 64, 2))
    assert Invitation(GIVEN.office, GIVEN.code, f" {ROOT.upper()}", shown) == GIVEN


@pytest.mark.parametrize(
    ("line", "told"),
    [
        # What a shell makes of a line without quotation marks.
        ("https://office.example/enrol?code=abcd-efgh-jkmn", "少了 root.*单引号"),
        (GIVEN.line(FOR_COUNTY), "county join"),
        (f"https://office.example/?code=1&root={ROOT}", "不是登记用的"),
        (f"https://office.example/enrol?code=1&root={ROOT[:-1]}", "64 个.*63 个"),
        (f"https://office.example/enrol?code=1&root={ROOT}&pin=xyz", "pin.*3 个"),
        ("https://", "不完整"),
    ],
)
def test_a_line_that_is_not_whole_is_told_what_it_lacks(line: str, told: str) -> None:
    with pytest.raises(InvitationRefused, match=told):
        Invitation.read(line, FOR_BOX)
