"""Good files become settings; bad ones name file, line, key and what to write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from faregate.config.load import load
from faregate.config.paths import Paths
from faregate.config.problems import ConfigError
from faregate.config.settings import Settings
from faregate.core.limits.budget import BudgetRule
from faregate.core.model_facts import ModelFacts
from faregate.core.money import Money
from faregate.core.policy import OnTight, Unpriced
from faregate.core.pricing import Rates, Tier, Window
from faregate.core.routing import RouteRule, Target
from faregate.core.windows import WindowKind

Configured = Callable[[str], Settings]


def test_a_missing_file_means_defaults(paths: Paths) -> None:
    settings = load(paths)
    assert settings.server.url == "http://127.0.0.1:4747"
    assert settings.server.drain_s == 10.0
    assert settings.budget.monthly == Money.usd(20)
    assert settings.budget.monthly_is_default
    assert settings.budget.daily is settings.budget.session is None
    assert settings.budget.alerts == (50, 80)
    assert settings.budget.timezone is UTC
    assert settings.budget.on_tight is OnTight.WAIT
    assert settings.budget.output == 32_000
    assert settings.budget.unpriced is Unpriced.DENY
    assert settings.budget_rules == (
        BudgetRule(scope_kind="global", window=WindowKind.MONTH, limit=Money.usd(20)),
    )
    assert settings.ledger_dir == paths.ledger_dir
    assert {"openai", "anthropic", "gemini"} <= set(settings.providers)
    assert settings.warnings == ()


@pytest.mark.parametrize("text", ["", "\n# nothing\n", "\ufeff", "[budget]\r\n"])
def test_an_empty_file_means_defaults(text: str, configured: Configured) -> None:
    assert configured(text).budget.monthly == Money.usd(20)


def test_every_section_is_read(configured: Configured) -> None:
    settings = configured(
        """
        [server]
        host = "localhost"
        port = 5000
        drain = "1m30s"
        [budget]
        monthly = 49.50
        daily = 5
        session = "none"
        alerts = [90, 25]
        timezone = "Europe/Berlin"
        on_tight = "clamp"
        output = 8000
        unpriced = "dearest"
        [[budgets]]
        scope = "agent:codex"
        window = "week"
        limit = 12.5
        [[budgets]]
        scope = "customer"
        window = "total"
        limit = 1
        [models."openai/gpt-x"]
        context = 400_000
        max_output = 128_000
        output_field = "max_completion_tokens"
        [routes.cheap]
        models = ["fast", "small"]
        targets = ["deepseek-x/v4"]
        [providers.deepseek-x]
        kind = "openai"
        base_url = "https://example.com/v1/"
        key_env = "X_KEY"
        [theme]
        name = "paper"
        ascii = true
        [keys]
        quit = "ctrl+q"
        """
    )
    assert settings.server.host == "localhost"
    assert (settings.server.port, settings.server.drain_s) == (5000, 90.0)
    budget = settings.budget
    assert (budget.monthly, budget.daily) == (Money.usd("49.5"), Money.usd(5))
    assert budget.session is None
    assert not budget.monthly_is_default
    assert budget.alerts == (25, 90)
    assert budget.timezone == ZoneInfo("Europe/Berlin")
    assert (budget.on_tight, budget.unpriced) == (OnTight.CLAMP, Unpriced.DEAREST)
    assert budget.output == 8000
    assert {
        (rule.scope_kind, rule.name, rule.window.value, rule.limit.exact())
        for rule in settings.budget_rules
    } == {
        ("global", None, "month", "49.5"),
        ("global", None, "day", "5"),
        ("agent", "codex", "week", "12.5"),
        ("customer", None, "total", "1"),
    }
    assert settings.model_facts == {
        Target(provider="openai", model="gpt-x"): ModelFacts(
            context=400_000, max_output=128_000, output_field="max_completion_tokens"
        )
    }
    assert settings.routes == (
        RouteRule(
            name="cheap",
            models=("fast", "small"),
            targets=(Target(provider="deepseek-x", model="v4", route="cheap"),),
        ),
    )
    assert (settings.theme.name, settings.theme.ascii) == ("paper", True)
    assert settings.keys == {"quit": "ctrl+q"}
    assert settings.provider_specs[0].name == "deepseek-x"


def test_money_is_read_exactly(configured: Configured) -> None:
    settings = configured("[budget]\nmonthly = 0.1\ndaily = 900719.925474099301\n")
    assert settings.budget.monthly == Money(10**11)
    assert settings.budget.daily == Money(900719925474099301)


def test_prices_become_rows(configured: Configured) -> None:
    settings = configured(
        """
        [prices."openai/gpt-x"]
        input = 1.25
        cached_input = 0.125
        cache_write = 1.5
        output = 10
        tool_fee = 12.5
        tiers = [ { above_input = 200_000, input = 2.5, output = 15 } ]
        [[prices."openai/gpt-x".windows]]
        days = ["mon", "fri"]
        start = "01:00"
        end = "24:00"
        multiplier = 0.5
        """
    )
    (row,) = settings.price_overrides
    assert (row.provider, row.model, row.source) == ("openai", "gpt-x", "config")
    assert (row.fee_per_server_tool_call, row.fee_is_stated) == (12_500_000_000, True)
    assert row.base == Rates.per_mtok(
        input=Decimal("1.25"),
        output=Decimal(10),
        cache_read=Decimal("0.125"),
        cache_write_5m=Decimal("1.5"),
    )
    assert row.tiers == (
        Tier(
            above_input=200_000,
            rates=Rates.per_mtok(input=Decimal("2.5"), output=Decimal(15)),
        ),
    )
    assert row.windows == (
        Window(
            days=frozenset({0, 4}), start_minute=60, end_minute=1440, multiplier=(1, 2)
        ),
    )


def test_the_ledger_lies_where_the_url_says(configured: Configured) -> None:
    settings = configured('[ledger]\nurl = "sqlite:///var/lib/fare"\n')
    assert str(settings.ledger_dir) == "/var/lib/fare"


# The text, the line, the key, and pieces of what is said.
BAD = [
    # Text that is no TOML.
    ("[budget]\nmonthly = $10\n", 2, "budget.monthly", ["bare number"]),
    ("[budget]\nmonthly = 1\nmonthly = 2\n", 3, "budget.monthly", ["given before"]),
    ("[budget]\n[server]\n[budget]\n", 3, "", ["twice"]),
    ("[theme]\nascii = yes\n", 2, "theme.ascii", ["true or false"]),
    ("[theme]\nname = paper\n", 2, "theme.name", ['"quotes"']),
    ('[theme]\nname = "paper\n', 2, "theme.name", []),
    ("[server]\n\tport 4747\n", 2, "", ["no ="]),
    ("[prices.openai/gpt-5.1]\n", 1, "", ['Write: [prices."openai/gpt-5.1"]']),
    ("[models.mine/x] # y\n", 1, "", ['Write: [models."mine/x"]']),
    # Keys without their table.
    ("monthly = 5\n", 1, "monthly", ["belongs under [budget]"]),
    ("port = 5\n", 1, "port", ["belongs under [server]"]),
    ("port = 1\n[" + "a.", 2, "", []),
    ("x = " + "[" * 3000 + "]" * 3000, 1, "x", ["nested"]),
    ("x = " + "9" * 5000, 1, "x", []),
    # Keys that do not exist.
    ("[limitz]\nrequests = 5\n", 1, "limitz", ["would do nothing"]),
    ("[watch]\n", 1, "watch", ["would do nothing"]),
    ("[bugdet]\nmonthly = 5\n", 1, "bugdet", ["Did you mean budget?"]),
    ("[budget]\n\nmontly = 5\n", 3, "budget.montly", ["Did you mean monthly?"]),
    ("mnthl = 5\n", 1, "mnthl", ["Known here: alerts, approvals, budget"]),
    ("[server]\nprot = 1\n", 2, "server.prot", ["Did you mean port?"]),
    ('[routes.a]\nmodels="m"\ntargets="openai/x"\nescalat_on=[]\n', 4,
     "routes.a.escalat_on", ["would do nothing"]),
    # Money.
    ('[budget]\nmonthly = "10"\n', 2, "budget.monthly", ["Write: monthly = 10"]),
    ('[budget]\nmonthly = "$1,500"\n', 2, "budget.monthly", ["monthly = 1500"]),
    ("[budget]\nmonthly = nan\n", 2, "budget.monthly", ["finite"]),
    ("[budget]\nmonthly = inf\n", 2, "budget.monthly", ["finite"]),
    ("[budget]\nmonthly = -1\n", 2, "budget.monthly", ["below zero"]),
    ("[budget]\nmonthly = 1e-20\n", 2, "budget.monthly", ["too small"]),
    ("[budget]\nmonthly = 1e999999999\n", 2, "budget.monthly", ["too large"]),
    ("[budget]\nmonthly = 99999999\n", 2, "budget.monthly", ["ledger can hold"]),
    ("[budget]\nmonthly = true\n", 2, "budget.monthly", ["not an amount"]),
    ("[budget]\nmonthly = false\n", 2, "budget.monthly", ['monthly = "none"']),
    ('[budget]\ndaily = "unlimited"\n', 2, "budget.daily", ['daily = "none"']),
    ("[budget]\nmonthly = [1]\n", 2, "budget.monthly", ["a list"]),
    ("budget = 5\n", 1, "budget", ["not a table", "[budget]"]),
    ("[budget]\nalerts = [0]\n", 2, "budget.alerts", ["percentage"]),
    ("[budget]\nalerts = [50, 50]\n", 2, "budget.alerts", ["twice"]),
    ("[budget]\nalerts = 50\n", 2, "budget.alerts", ["not a list"]),
    ('[budget]\non_tight = "Wait"\n', 2, "budget.on_tight", ["Did you mean wait?"]),
    ('[budget]\nunpriced = "denied"\n', 2, "budget.unpriced", ["deny"]),
    ("[budget]\noutput = 0\n", 2, "budget.output", ["from 1"]),
    ('[budget]\noutput = "32000"\n', 2, "budget.output", ["output = 32000"]),
    ("[budget]\noutput = 3.5\n", 2, "budget.output", ["tokens"]),
    ('[budget]\ntimezone = "Europe/Berlinn"\n', 2, "budget.timezone",
     ["Did you mean Europe/Berlin?"]),
    ('[budget]\ntimezone = "../etc/passwd"\n', 2, "budget.timezone", ["time zone"]),
    ('[[budgets]]\nscope = "agnet:x"\nwindow = "day"\nlimit = 1\n', 2,
     "budgets[1].scope", ["Did you mean agent?"]),
    ('[[budgets]]\nscope = "global:x"\nwindow = "day"\nlimit = 1\n', 2,
     "budgets[1].scope", ['Write "global"']),
    ('[[budgets]]\nscope = "agent:"\nwindow = "day"\nlimit = 1\n', 2,
     "budgets[1].scope", ["of whom"]),
    ('[[budgets]]\nscope = "global"\nwindow = "monthly"\nlimit = 1\n', 3,
     "budgets[1].window", ["Did you mean month?"]),
    ('[[budgets]]\nscope = "global"\nwindow = "session"\nlimit = 1\n', 3,
     "budgets[1].window", ["scope session"]),
    ('[[budgets]]\nscope = "global"\nwindow = "day"\n', 1, "budgets[1]",
     ["limit is missing"]),
    ('[budget]\ndaily = 1\n[[budgets]]\nscope = "global"\nwindow = "day"\nlimit = 1\n',
     6, "budgets[1].limit", ["budget.daily"]),
    ("[budgets]\nscope = 1\n", 1, "budgets", ["[[budgets]]"]),
    # Server.
    ("[server]\nport = 0\n", 2, "server.port", ["1 to 65535"]),
    ("[server]\nport = 99999\n", 2, "server.port", ["1 to 65535"]),
    ('[server]\nport = "4747"\n', 2, "server.port", ["port = 4747"]),
    ("[server]\nport = true\n", 2, "server.port", ["true"]),
    ('[server]\nhost = "0.0.0.0"\n', 2, "server.host", ["this machine alone"]),
    ("[server]\ndrain = 10\n", 2, "server.drain", ['drain = "10s"']),
    ('[server]\ndrain = "10 parsecs"\n', 2, "server.drain", ['"30s"']),
    ('[server]\ndrain = "2d"\n', 2, "server.drain", ["out of range"]),
    # Routes, theme, keys, ledger.
    ('[routes.a]\nmodels = ["m"]\ntargets = ["openai/a", "openai/a"]\n', 3,
     "routes.a.targets", ["openai/a", "twice"]),
    ('[routes.a]\nmodels = ["m"]\ntargets = ["opnai/a"]\n', 3, "routes.a.targets",
     ["Did you mean openai?"]),
    ('[routes.a]\nmodels = ["m"]\ntargets = ["a"]\n', 3, "routes.a.targets",
     ["provider/model"]),
    ('[routes.a]\nmodels = []\ntargets = ["openai/a"]\n', 2, "routes.a.models",
     ["empty"]),
    ('[routes.a]\nmodels=["m"]\ntargets=["openai/a"]\n'
     '[routes.b]\nmodels=["m"]\ntargets=["openai/a"]\n', 5, "routes.b.models",
     ["route a"]),
    ('[theme]\nname = "../x"\n', 2, "theme.name", ["theme's name"]),
    ("[keys]\nquit = 5\n", 2, "keys.quit", ["quotes"]),
    ('[ledger]\nurl = "postgres://x"\n', 2, "ledger.url", ["sqlite:///"]),
    # Prices and models.
    ('[prices."openai/x"]\ninput = 1\n', 1, 'prices."openai/x"',
     ["output is missing"]),
    ('[prices."openai/x"]\ninput = "1"\noutput = 1\n', 2, 'prices."openai/x".input',
     ["bare number"]),
    ('[prices."openai/x"]\ninput = 0.0000025\noutput = 1\n', 1, 'prices."openai/x"',
     ["per token"]),
    ('[prices."openai/x"]\ninput = 2500000\noutput = 1\n', 1, 'prices."openai/x"',
     ["per million"]),
    ('[prices."openai/x"]\ninput = 0\noutput = 0\n', 3, 'prices."openai/x".output',
     ['billing = "free"']),
    ('[prices."openai/x"]\ninput = 1e99999999\noutput = 1\n', 2,
     'prices."openai/x".input', ["not a price"]),
    ('[prices."nobody/x"]\ninput = 1\noutput = 1\n', 1, 'prices."nobody/x"',
     ['no provider "nobody"']),
    ('[prices.x]\ninput = 1\noutput = 1\n', 1, "prices.x", ["provider/model"]),
    ('[prices."openai/x"]\ninput=1\noutput=1\ntiers=[\n{above_input=5,inptu=1},\n]\n',
     5, 'prices."openai/x".tiers[1].inptu', ["Did you mean input?"]),
    ('[prices."openai/x"]\ninput=1\noutput=1\n[[prices."openai/x".windows]]\n'
     'days=["mon"]\nstart="25:00"\nend="26:00"\nmultiplier=2\n', 6,
     'prices."openai/x".windows[1].start', ["time of day"]),
    ('[prices."openai/x"]\ninput=1\noutput=1\n[[prices."openai/x".windows]]\n'
     'days=["monday"]\nstart="01:00"\nend="02:00"\nmultiplier=2\n', 5,
     'prices."openai/x".windows[1].days', ["mon"]),
    ('[prices."openai/x"]\ninput=1\noutput=1\n[[prices."openai/x".windows]]\n'
     'days=["mon"]\nstart="03:00"\nend="02:00"\nmultiplier=2\n', 4,
     'prices."openai/x".windows[1]', ["starts before it ends"]),
    ('[models."openai/x"]\ncontext = -1\n', 2, 'models."openai/x".context', ["1 to"]),
    ('[models."openai/x"]\noutput_field = "max_token"\n', 2,
     'models."openai/x".output_field', ["Did you mean max_tokens?"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "key", "said"), BAD)
def test_a_bad_file_is_refused_with_its_place(
    text: str,
    line: int,
    key: str,
    said: list[str],
    configured: Configured,
    paths: Paths,
) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(text)
    places = [(problem.line, problem.key) for problem in caught.value.problems]
    assert (line, key) in places
    problem = caught.value.problems[places.index((line, key))]
    assert problem.file == paths.config
    assert str(problem).startswith(f"{paths.config}:{line}: ")
    for piece in said:
        assert piece in str(problem)


def test_a_provider_of_ones_own_is_not_taken_for_a_distant_name(
    configured: Configured,
) -> None:
    with pytest.raises(ConfigError) as caught:
        configured('[providers.mine]\nbase_url = "https://h.example"\n')
    assert 'needs kind = "openai"' in str(caught.value)
    assert "Did you mean" not in str(caught.value)
    with pytest.raises(ConfigError, match="Did you mean deepseek"):
        configured('[providers.deepsek]\nbase_url = "https://h.example"\n')


def test_all_problems_are_told_at_once_in_order(configured: Configured) -> None:
    with pytest.raises(ConfigError) as caught:
        configured('[server]\nport = "x"\n[budget]\nmonthly = -1\nfoo = 1\n')
    assert [problem.line for problem in caught.value.problems] == [2, 4, 5]


def test_bytes_that_are_no_text_name_their_line(paths: Paths) -> None:
    paths.config.write_bytes(b"[server]\n# \xff\n")
    with pytest.raises(ConfigError, match=r"config\.toml:2: this is not UTF-8"):
        load(paths)


def test_a_control_character_is_never_printed(configured: Configured) -> None:
    with pytest.raises(ConfigError) as caught:
        configured('[budget]\non_tight = "\\u001b]52;c;x\\u0007"\n"\\u001b[2J" = 1\n')
    assert "\x1b" not in str(caught.value)
    assert "\x07" not in str(caught.value)


def test_the_working_folder_is_never_read(
    configured: Configured,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hostile = tmp_path_factory.mktemp("repo")
    for name in ("config.toml", "faregate.toml", "overrides.toml", ".env"):
        (hostile / name).write_text("[budget]\nmonthly = 9999\n")
    monkeypatch.chdir(hostile)
    assert configured("").budget.monthly == Money.usd(20)
