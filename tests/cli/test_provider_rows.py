"""What the catalogue says of each provider before one signs up."""

from __future__ import annotations

from decimal import Decimal

from faregate.cli.provider_rows import cells, header, notes_of, row_of
from faregate.config.keys import Keys
from faregate.config.settings import EnvKey, ProviderChoice
from faregate.providers.registry import PROVIDERS, by_name
from faregate.smoke.balance.values import Balance, Unit

NONE = Keys(found={})


def choice(name: str, region: str = "") -> ProviderChoice:
    spec = by_name(name)
    assert spec is not None
    return ProviderChoice(spec=spec, key=EnvKey(spec.key_env), region=region)


def test_every_provider_has_a_row_as_wide_as_the_header() -> None:
    for spec in PROVIDERS:
        row = row_of(choice(spec.name), NONE, None, [], None)
        for with_balance in (True, False):
            assert len(cells(row, with_balance=with_balance)) == len(
                header(with_balance=with_balance)
            )


def test_notes_say_what_matters_before_one_signs_up() -> None:
    def notes(name: str) -> str:
        return "; ".join(notes_of(choice(name).spec))

    assert "subscription" in notes("kimi-coding")
    assert "runs on this machine" in notes("ollama")
    assert "keys may not be shared" in notes("moonshot")
    assert "plan's key" in notes("zai")
    assert "coding-plan" in notes("zai")
    assert "does not tell" in notes("openai")


def test_a_balance_keeps_its_unit() -> None:
    left = Balance(
        remaining=Decimal("70.50"), unit=Unit.CNY, resolution=Decimal("0.01")
    )
    row = row_of(choice("moonshot", "cn"), NONE, None, [], left)
    assert row.balance is not None
    assert (row.balance.remaining, row.balance.unit) == ("70.5", "CNY")
    assert cells(row, with_balance=True)[-1] == "70.50 CNY"
    assert row.region == "cn"


def test_the_proxy_knows_better_who_has_a_key() -> None:
    row = row_of(choice("openai"), NONE, frozenset({"openai"}), [], None)
    assert row.key
