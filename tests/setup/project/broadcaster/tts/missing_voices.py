import sys
from pathlib import Path

FILES = {"baker": Path("voices/baker/voice.json"), "recorded": Path("voices/recorded/alarm/a")}

for name, path in FILES.items():
    if not path.exists():
        sys.stdout.write(f"{name} none\n")
    elif path.read_text() == "old":
        sys.stdout.write(f"{name} old\n")
