"""A disk that takes no file: where lock and door stand then, and who else may stand there."""

from pathlib import Path

import pytest

from broadcaster.system.runtime_folder import in_runtime_folder, leave_memory, runtime_folders


def write(folder: Path) -> Path:
    path = folder / "file"
    path.write_text("here")
    return path


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "state"
    path.write_text("a file where the folder should be")
    return path


def test_a_folder_that_takes_files_is_used(tmp_path: Path) -> None:
    assert in_runtime_folder(tmp_path / "new" / "state", write) == tmp_path / "new" / "state" / "file"
    assert not runtime_folders(tmp_path / "new" / "state")[1].exists()


def test_where_it_takes_none_memory_stands_in_and_is_left_clean(broken: Path) -> None:
    in_memory = runtime_folders(broken)[1]
    assert in_runtime_folder(broken, write) == in_memory / "file"
    assert in_memory.stat().st_mode & 0o777 == 0o700
    leave_memory(broken)
    assert not in_memory.exists()


def test_a_place_in_memory_that_others_may_write_is_not_used(broken: Path) -> None:
    in_memory = runtime_folders(broken)[1]
    in_memory.mkdir()
    try:
        in_memory.chmod(0o777)
        with pytest.raises(OSError, match=str(broken)):
            in_runtime_folder(broken, write)
        in_memory.rmdir()
        in_memory.symlink_to(broken.parent)
        with pytest.raises(OSError, match=str(broken)):
            in_runtime_folder(broken, write)
    finally:
        in_memory.unlink()
