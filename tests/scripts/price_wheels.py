"""Price wheels, made as small as a test needs."""

from __future__ import annotations

import json
import zipfile
from datetime import date
from typing import TYPE_CHECKING, Any

from faregate.providers.price_records import PriceFile, PriceRecord, decode

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 23)
HEAD = """
import datetime
from decimal import Decimal
from .types import *

providers: list[Provider] = [
"""


class Sources:
    """Two wheels and a hand-written file, made as small as a test needs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.table = folder / "prices.json"
        self.rows = folder / "rows.toml"
        self.rows.write_text("")
        self.genai()
        self.litellm({})

    def genai(self, *models: str, provider: str = "openai") -> None:
        text = f"{HEAD}Provider(id={provider!r}, models=[{','.join(models)}])]\n"
        with zipfile.ZipFile(
            self.folder / "genai_prices-1.2.3-py3-none-any.whl", "w"
        ) as wheel:
            wheel.writestr("genai_prices/data.py", text)

    def litellm(self, entries: dict[str, dict[str, Any]]) -> None:
        with zipfile.ZipFile(
            self.folder / "litellm-4.5.6-py3-none-any.whl", "w"
        ) as wheel:
            wheel.writestr(
                "litellm/model_prices_and_context_window_backup.json",
                json.dumps(entries),
            )

    def run(self, script: Any, *options: str, today: date = TODAY) -> PriceFile:
        code = script.main(
            [
                *("--wheels", str(self.folder)),
                *("--table", str(self.table)),
                *("--rows", str(self.rows)),
                *("--today", today.isoformat()),
                *options,
            ]
        )
        assert code == 0
        return decode(self.table.read_bytes())


def model(name: str, prices: str, extra: str = "") -> str:
    """Write a model as genai-prices does; `prices` are ModelPrice arguments."""
    return (
        f"ModelInfo(id={name!r}, match=ClauseEquals(equals={name!r}), "
        f"prices=ModelPrice({prices}){extra})"
    )


def usd(**fields: str) -> str:
    return ", ".join(f"{key}_mtok=Decimal('{value}')" for key, value in fields.items())


def entry(
    price: float, output: float, provider: str = "openai", **fields: Any
) -> dict[str, Any]:
    """Write a model as litellm does: USD per token."""
    return {
        "litellm_provider": provider,
        "mode": "chat",
        "input_cost_per_token": price,
        "output_cost_per_token": output,
    } | fields


def only(file: PriceFile) -> PriceRecord:
    assert len(file.rows) == 1
    return file.rows[0]
