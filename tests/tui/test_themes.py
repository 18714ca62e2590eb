from __future__ import annotations

from pathlib import Path

import pytest

from faregate.tui.themes import (
    DEFAULT_THEME,
    ThemeError,
    ThemeFile,
    choose,
    css_variable_defaults,
    read_theme,
    read_themes,
)
from tests.tui.colors import contrast, least_distance

FOLDER = Path(__file__).parents[2] / "themes"
OURS, PROBLEMS = read_themes(FOLDER, None)
TEXTS = (
    "foreground", "muted", "accent", "spend", "held", "unknown", "ok", "warn", "crit",
    "active", "waiting", "idle", "retry", "down", "capped",
)  # fmt: skip
EACH = pytest.mark.parametrize("theme", OURS.values(), ids=lambda theme: theme.name)


def test_our_themes_are_complete() -> None:
    assert PROBLEMS == []
    assert set(OURS) == {
        "ledger",
        "paper",
        "mono",
        "high-contrast",
        "deuteranopia",
        "tritanopia",
    }
    assert [name for name, theme in OURS.items() if not theme.dark] == ["paper"]


@EACH
def test_text_can_be_read(theme: ThemeFile) -> None:
    least = 7.0 if theme.name == "high-contrast" else 4.5
    ground = theme.colors["background"]
    weak = {
        name: round(contrast(theme.colors[name], ground), 2)
        for name in TEXTS
        if contrast(theme.colors[name], ground) < least
    }
    assert weak == {}
    assert contrast(theme.colors["cursor"], theme.colors["cursor_text"]) >= least


@EACH
def test_notes_and_inputs_can_be_read(theme: ThemeFile) -> None:
    for ground in ("surface", "panel"):
        assert contrast(theme.colors["foreground"], theme.colors[ground]) >= 4.5


@EACH
def test_gauges_and_frames_stand_out(theme: ThemeFile) -> None:
    ground = theme.colors["background"]
    for name in ("ok", "warn", "crit", "held", "unknown"):
        assert contrast(theme.colors[name], ground) >= 3.0
    for name in ("border", "track", "cursor"):
        assert contrast(theme.colors[name], ground) >= 1.2


@pytest.mark.parametrize(
    ("name", "cones"),
    [
        ("ledger", "all"),
        ("paper", "all"),
        ("high-contrast", "all"),
        ("deuteranopia", "all"),
        ("deuteranopia", "deutan"),
        ("deuteranopia", "protan"),
        ("tritanopia", "all"),
        ("tritanopia", "tritan"),
    ],
)
def test_ok_warn_and_crit_are_told_apart(name: str, cones: str) -> None:
    colors = [OURS[name].colors[level] for level in ("ok", "warn", "crit")]
    assert least_distance(colors, cones) >= 25


def test_mono_has_no_colour() -> None:
    for color in OURS["mono"].colors.values():
        assert color[1:3] == color[3:5] == color[5:7]


GOOD = (FOLDER / "ledger.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD.replace('warn = "#e0a24a"', ""), "gauge.warn is missing"),
        (GOOD.replace('"#e0a24a"', '"red"', 1), "gauge.warn = 'red' is no colour"),
        (GOOD.replace('"#8fb573"', "3", 1), "gauge.ok = 3 is no colour"),
        (GOOD.replace("[gauge]", "[gauges]"), "[gauge] is missing"),
        (GOOD.replace("spend =", "spent ="), "spend is missing"),
        (GOOD + 'held = "#000000"\n', "state.held is unknown"),
        ('colour = "#000000"\n' + GOOD, "colour is unknown"),
        (GOOD.replace('name = "ledger"', 'name = "../x"'), "name must be"),
        (GOOD.replace("dark = true", 'dark = "yes"'), "dark must be"),
        ("not = [toml", "bad.toml"),
        (GOOD + "#" * 70_000, "too long"),
    ],
)
def test_a_bad_file_is_named_with_its_key(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ThemeError) as raised:
        read_theme(path)
    assert "bad.toml" in str(raised.value)
    assert told in str(raised.value)


def test_a_file_without_a_name_is_called_after_itself(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace('name = "ledger"', ""), encoding="utf-8")
    assert read_theme(path).name == "mine"


def test_a_persons_theme_wins_and_a_bad_one_is_only_told(tmp_path: Path) -> None:
    mine = GOOD.replace("#14171c", "#000001")
    (tmp_path / "ledger.toml").write_text(mine, encoding="utf-8")
    (tmp_path / "bad.toml").write_text("name = 1", encoding="utf-8")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    themes, problems = read_themes(FOLDER, tmp_path)
    assert themes["ledger"].colors["background"] == "#000001"
    assert len(problems) == 2
    assert "bad.toml" in problems[0]


def test_no_theme_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ThemeError, match="install"):
        read_themes(tmp_path / "nothing", None)


def test_the_wanted_theme_is_taken_or_the_choice_is_told() -> None:
    assert choose(OURS, None, no_color=False)[0].name == DEFAULT_THEME
    assert choose(OURS, "paper", no_color=False)[0].name == "paper"
    assert choose(OURS, "paper", no_color=True) == (OURS["mono"], None)
    theme, told = choose(OURS, "papyrus", no_color=False)
    assert theme.name == DEFAULT_THEME
    assert told is not None
    assert "papyrus" in told
    assert "paper" in told


@EACH
def test_our_style_variables_have_fallbacks(theme: ThemeFile) -> None:
    ours = {name for name in theme.textual().variables if name.startswith("fg-")}
    assert ours == css_variable_defaults().keys()
