"""What is handed out names no package index and no place on one machine."""

from __future__ import annotations

import re

from tests.architecture.tree import ROOT, tracked_files

# Put together here, so that this file does not hold what it looks for.
FORBIDDEN = re.compile(
    "|".join(
        (
            r"py" r"pi\.org",
            r"python" r"hosted\.org",
            r"registry\.npm" r"js\.org",
            r"--(extra-)?index" r"-url[= ]\S*://",
            r"--find-" r"links[= ]",
            r"/wor" r"k/(main|shared|\.library)",
            r"/opt/(whe" r"els|py" r"pi)",
            r"/tmp" r"/fg\b",
            r"/roo" r"t/",
            r"\.\./sha" r"red\b",
        )
    ).encode()
)


def test_no_tracked_file_names_an_index_or_a_machines_path() -> None:
    files = tracked_files()
    assert ROOT / "pyproject.toml" in files
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.decode(errors='replace').strip()}"
        for path in files
        for number, line in enumerate(path.read_bytes().splitlines(), start=1)
        if FORBIDDEN.search(line)
    ]
    assert found == []


def test_the_locks_pin_and_hash_everything_and_name_no_address() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        entries = re.split(r"\n(?=[a-z0-9])", text)[1:]
        assert len(entries) > 30
        for entry in entries:
            assert re.match(r"[a-z0-9._-]+==[^\s;]+", entry), entry[:80]
            assert "--hash=sha256:" in entry, entry[:80]


def test_one_lock_holds_the_other() -> None:
    def pins(name: str) -> set[str]:
        text = (ROOT / name).read_text(encoding="utf-8")
        return set(re.findall(r"^[a-z0-9._-]+==[^\s;]+", text, re.MULTILINE))

    assert pins("requirements.lock") < pins("requirements-dev.lock")
