"""`faregate prices set` and `unset`: a model's price, from the next request on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from faregate.cli import output
from faregate.cli.confirm import require_person
from faregate.config.load import load
from faregate.config.overrides import set_price as keep_price
from faregate.config.paths import find_paths
from faregate.config.price_values import price_row, price_section, price_values
from faregate.control.client import ControlClient
from faregate.control.errors import ProxyNotRunning
from faregate.control.prices import SetPrice

if TYPE_CHECKING:
    from faregate.config.paths import Paths


@click.command(name="set")
@click.argument("target", metavar="PROVIDER/MODEL")
@click.argument("input_price", metavar="INPUT")
@click.argument("output_price", metavar="OUTPUT")
@click.argument("cached_price", metavar="[CACHED_INPUT]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def set_price(
    target: str,
    input_price: str,
    output_price: str,
    cached_price: str | None,
    as_json: bool,
) -> int:
    """Set a model's price: faregate prices set openai/new 3 15.

    Prices are in USD per million tokens, as the provider lists them. It wins over
    config.toml and the bundled table. What was booked stays as it is.
    """
    paths = find_paths()
    given = [each for each in (input_price, output_price, cached_price) if each]
    try:
        values = price_values(" ".join(given))
        section = price_section(*values)
        price_row(target, section, load(paths).providers)
    except ValueError as wrong:
        raise click.UsageError(str(wrong)) from wrong
    cached = values[2] if len(values) > 2 else None
    asked = SetPrice(
        target=target, input=values[0], output=values[1], cached_input=cached
    )
    question = (
        f"Count {target} at ${values[0]} for a million tokens of input and "
        f"${values[1]} of output? A price that is too low lets more be spent."
    )
    return _change(paths, asked, question, as_json=as_json)


@click.command(name="unset")
@click.argument("target", metavar="PROVIDER/MODEL")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def unset_price(target: str, as_json: bool) -> int:
    """Take back a price that was set, so that the configuration counts again."""
    question = f"Take back the price that was set for {target}?"
    return _change(find_paths(), SetPrice(target=target), question, as_json=as_json)


def _change(paths: Paths, asked: SetPrice, question: str, *, as_json: bool) -> int:
    confirmed = require_person(paths, question, answer=asked.input or "yes")
    document: dict[str, object] = {
        "target": asked.target,
        "input": asked.input,
        "output": asked.output,
        "cached_input": asked.cached_input,
    }
    try:
        done = ControlClient(paths.socket).set_price(asked, confirmed=confirmed)
        document |= {"live": True, "price": done.after, "before": done.before}
        told = done.after or "no price is known"
    except ProxyNotRunning:
        _keep(paths, asked)
        document["live"] = False
        told = "as configured"
        if asked.input is not None:
            told = f"${asked.input} in, ${asked.output} out"
    if as_json:
        output.document(document)
        return 0
    output.result(f"{asked.target}: {told}, USD per million tokens")
    if asked.input is not None:
        output.note(f"faregate: kept in {paths.overrides}, which wins over config.toml")
    if not document["live"]:
        output.note("faregate: no proxy is running; it counts from the next start on")
    return 0


def _keep(paths: Paths, asked: SetPrice) -> None:
    section = None
    if asked.input is not None:
        section = price_section(asked.input, asked.output, asked.cached_input)
    keep_price(paths, asked.target, section)
