"""One of each kind of what `faults.damaged_copies` does fifty times: nothing is lost in silence."""

from pathlib import Path

import pytest
from faults.damaged_copies import DAMAGES, damaged_copies


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_box_on_a_damaged_copy_starts_speaks_and_tells_what_is_lost(tmp_path: Path, kind: str) -> None:
    counts = damaged_copies(tmp_path, kind, rounds=1, seed=1)
    assert counts["start"] == counts["speak"] == counts["sound after"] == 1
    assert not counts["LOST IN SILENCE"]
