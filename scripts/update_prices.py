"""Writes the bundled price table from two public data sets and hand-written rows.

    .venv/bin/python scripts/update_prices.py [--wheels DIR] [--today YYYY-MM-DD] [--fresh]

Fetches the newest `genai-prices` and `litellm` wheels with pip and reads the data in
them; neither is installed or run. A row of the present table is never overwritten: a
price that changed becomes a new row with the day from which it holds. Everything a
person should look at is printed; the table is written all the same, at the dearer
price. `--fresh` starts a new table instead of superseding the present one.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from price_families import Decisions
from price_genai import read_genai
from price_litellm import read_litellm
from price_merge import Findings, merge, same_price
from price_quotes import GENAI, LITELLM, version_of

from faregate.providers.price_records import (
    PRICES_FILE,
    SCHEMA,
    PriceFile,
    PriceRecord,
    decode,
)
from faregate.providers.price_table import PriceTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HERE = Path(__file__).resolve().parent
TABLE = HERE.parent / "src" / "faregate" / "providers" / PRICES_FILE
HAND_ROWS = HERE / "price_rows.toml"
LARGEST_TABLE = 400_000
"""Bytes; the table is read at every start."""

Key = tuple[str, str, str]


def main(argv: Sequence[str] | None = None) -> int:
    """Update the table; returns 1 when it would be unusable."""
    options = _options(argv)
    with tempfile.TemporaryDirectory() as folder:
        wheels = options.wheels or fetch_wheels(Path(folder))
        file, findings, changes = build(
            genai=find_wheel(wheels, "genai_prices"),
            litellm=find_wheel(wheels, "litellm"),
            decisions=Decisions.from_toml(
                tomllib.loads(options.rows.read_text("utf-8"))
            ),
            today=options.today,
            present=None if options.fresh else read_table(options.table),
        )
    written = render(file)
    for line in report(file, findings, changes, len(written)):
        print(line)
    if len(written) > LARGEST_TABLE:
        print(f"refused: {len(written)} bytes are more than {LARGEST_TABLE}")
        return 1
    PriceTable.from_json(written)
    options.table.write_bytes(written)
    return 0


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--wheels", type=Path, help="folder that holds both wheels")
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--rows", type=Path, default=HAND_ROWS)
    parser.add_argument(
        "--today", type=date.fromisoformat, default=datetime.now(UTC).date()
    )
    parser.add_argument("--fresh", action="store_true")
    return parser.parse_args(argv)


def fetch_wheels(folder: Path) -> Path:
    """Download both wheels and nothing else; returns the folder."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary", ":all:", "--dest", str(folder), GENAI, LITELLM]
    subprocess.run(command, check=True)
    return folder


def find_wheel(folder: Path, name: str) -> Path:
    """Return the one wheel of that name in a folder."""
    found = sorted(folder.glob(f"{name}-*.whl"))
    if len(found) != 1:
        raise SystemExit(f"{folder} holds {len(found)} wheels of {name}, not one")
    return found[0]


def read_table(path: Path) -> PriceFile | None:
    """Return the present table; None when there is none yet."""
    return decode(path.read_bytes()) if path.exists() else None


def build(
    *,
    genai: Path,
    litellm: Path,
    decisions: Decisions,
    today: date,
    present: PriceFile | None,
) -> tuple[PriceFile, Findings, list[str]]:
    """Return the new table, what a person should look at, and what changed."""
    inclusive = tuple(decisions.inclusive_tiers)
    quotes = [
        *read_genai(genai),
        *read_litellm(litellm, today=today, inclusive=inclusive),
    ]
    records, findings = merge(quotes, decisions, today=today)
    rows, changes = supersede(present.rows if present else (), records, today=today)
    file = PriceFile(
        schema=SCHEMA,
        generated=today,
        sources={GENAI: version_of(genai), LITELLM: version_of(litellm)},
        rows=tuple(sorted(rows, key=_order)),
    )
    return file, findings, changes


def supersede(
    present: Iterable[PriceRecord], fresh: Iterable[PriceRecord], *, today: date
) -> tuple[list[PriceRecord], list[str]]:
    """Return the rows of both tables and what changed; past rows stay as they are.

    Rows that had not begun are taken from the fresh table alone.
    """
    held: dict[Key, list[PriceRecord]] = {}
    for record in present:
        if record.since is None or record.since <= today:
            held.setdefault(_key(record), []).append(record)
    rows: list[PriceRecord] = []
    changes: list[str] = []
    seen: set[Key] = set()
    for record in fresh:
        key = _key(record)
        seen.add(key)
        past = sorted(held.get(key, ()), key=lambda row: row.since or date.min)
        if record.since is not None or not past:
            rows.append(record)
            if record.since is None and held:
                changes.append(f"new: {_label(record)}")
            continue
        newest = past.pop()
        rows += past
        if same_price(newest, record):
            rows.append(msgspec.structs.replace(record, since=newest.since))
        else:
            rows += [newest, msgspec.structs.replace(record, since=today)]
            changes.append(f"price changed: {_label(record)}")
    for key, past in held.items():
        if key not in seen:
            rows += past
            changes.append(f"no longer in any source, kept: {_label(past[-1])}")
    return rows, changes


def _key(record: PriceRecord) -> Key:
    return record.provider, record.model.casefold(), record.service


def _order(record: PriceRecord) -> tuple[str, str, str, date]:
    return *_key(record), record.since or date.min


def _label(record: PriceRecord) -> str:
    return f"{record.provider}/{record.model}{record.service and ' ' + record.service}"


def render(file: PriceFile) -> bytes:
    """Return the table as JSON with one row a line."""
    head = {
        "schema": file.schema,
        "generated": file.generated,
        "sources": file.sources,
    }
    encoder = msgspec.json.Encoder()
    lines = b",\n".join(encoder.encode(_named_first(row)) for row in file.rows)
    return encoder.encode(head)[:-1] + b',"rows":[\n' + lines + b"\n]}\n"


def _named_first(row: PriceRecord) -> dict[str, object]:
    """Return a row with its names before its prices, for whoever reads the file."""
    fields: dict[str, object] = msgspec.to_builtins(row)
    first = {
        key: fields[key]
        for key in ("provider", "model", "service", "since")
        if key in fields
    }
    return first | fields


def report(
    file: PriceFile, findings: Findings, changes: list[str], size: int
) -> list[str]:
    """Return what a person should read, the most important last."""
    counts: dict[str, int] = {}
    for row in file.rows:
        counts[row.provider] = counts.get(row.provider, 0) + 1
    lines = [f"sources: {file.sources}"]
    for title, found in (
        ("decided by hand", findings.decided),
        ("refused, left out", findings.refused),
        ("sources disagree, the dearer price is kept", findings.disagreements),
        ("against the present table", changes),
    ):
        lines += [f"{title} ({len(found)}):", *(f"  {line}" for line in sorted(found))]
    told = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
    return [*lines, f"{len(file.rows)} rows, {size} bytes: {told}"]


if __name__ == "__main__":
    raise SystemExit(main())
