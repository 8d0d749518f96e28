"""The other process of the kit: what goes wrong there."""

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from priorbench.conformance import elsewhere
from priorbench.conformance.verdicts import Broken


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("sleep 9", "was not used within 0.1 seconds"),
        ("read line; echo lost >&2; exit 3", "it ended with status 3: lost"),
        (
            "read line; echo '\"mine.py, line 7: KeyError: 1\"'",
            "used: mine.py, line 7: KeyError: 1",
        ),
    ],
)
def test_what_goes_wrong_in_another_process_is_told(
    does: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe, told = subprocess.PIPE, elsewhere._complaints()
    server = subprocess.Popen(["sh", "-c", does], stdin=pipe, stdout=pipe, stderr=told, text=True)
    monkeypatch.setattr(elsewhere, "_server", lambda: server)
    monkeypatch.setattr(elsewhere, "LIMIT", 0.1 if "sleep" in does else 60)
    subject = SimpleNamespace(name="mine.py", options={}, restoring={}, task="hole")
    with server, pytest.raises(Broken, match=said):
        elsewhere.restored(subject, tmp_path / "model.safetensors")  # type: ignore[arg-type]
