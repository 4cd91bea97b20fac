"""Where the project and its settings are."""

from pathlib import Path

PROJECT_FOLDER = Path(__file__).resolve().parent.parent
CONFIG_FOLDER = PROJECT_FOLDER / "config"
SETTINGS_FILES = ("broadcaster.yaml", "timetable.yaml", "lexicon.yaml")
# In the folder of the settings: who carries that elsewhere carries it along.
LAST_GOOD = ".last-good"
# In the state folder.
SESSION_KEY = "session_key"


def under_project(folder: Path) -> Path:
    """A folder as settings name it."""
    return folder if folder.is_absolute() else PROJECT_FOLDER / folder
