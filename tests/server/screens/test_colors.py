"""Brand colours: whatever a project chooses, what is written on it and in it can be read."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.server.screens import Brand, brand_sheet
from avow.server.screens.brands import style_sheet
from avow.server.screens.colors import DARK_SURFACE, LIGHT_SURFACE, READABLE, brand_style, contrast, legible, on

colors = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)
    assert contrast("#123456", "#123456") == 1


@given(colors)
def test_text_on_any_color_can_be_read(color: str) -> None:
    assert contrast(on(color), color) >= READABLE


@given(colors)
def test_text_in_the_shade_of_any_color_can_be_read_on_both_surfaces(color: str) -> None:
    for surface in (LIGHT_SURFACE, DARK_SURFACE):
        assert contrast(legible(color, surface), surface) >= READABLE


def test_color_that_can_be_read_stays_as_it_is() -> None:
    assert legible("#123456", LIGHT_SURFACE) == "#123456"
    assert on("#123456") == "#ffffff"


def test_surfaces_are_those_of_the_style_sheet() -> None:
    sheet = style_sheet().body.decode()
    assert f"--avow-surface: light-dark(#fff, {DARK_SURFACE})" in sheet


def test_button_that_would_vanish_has_an_edge() -> None:
    assert "--avow-accent-edge: light-dark(#" in brand_style(Brand("Acme", color="#fefefe"))
    assert "--avow-accent-edge: light-dark(transparent, #" in brand_style(Brand("Acme", color="#1a1d23"))


def test_nothing_is_added_for_a_project_without_a_look() -> None:
    assert brand_sheet(Brand("Acme")) is None


@pytest.mark.parametrize("wrong", ["red", "#fff", "#12345g", "#123456}", "#123456;}body{display:none}"])
def test_what_is_no_color_adds_nothing(wrong: str) -> None:
    assert brand_style(Brand("Acme", color=wrong)) == ""


def test_sheet_is_named_by_what_it_says() -> None:
    one, other = (brand_sheet(Brand("Acme", color=color)) for color in ("#112233", "#112234"))
    assert one is not None
    assert other is not None
    assert one.name != other.name
    assert one == brand_sheet(Brand("Other", color="#112233"))


def test_appearance_of_the_project_is_kept_where_the_page_says_nothing() -> None:
    style = brand_style(Brand("Acme", appearance="dark"))
    assert "color-scheme: dark" in style
    assert ":host(:not([theme])) .avow-screen" in style


def test_brands_have_at_most_twenty_properties_to_set() -> None:
    text = style_sheet().body.decode() + brand_style(Brand("Acme", color="#112233"))
    assert len(set(re.findall(r"(--avow-[a-z-]+)\s*:", text))) <= 20


def test_manual_names_every_property_and_part() -> None:
    root = Path(__file__).resolve().parents[3]
    manual = (root / "docs" / "look.md").read_text()
    style = style_sheet().body.decode() + brand_style(Brand("Acme", color="#112233"))
    fragments = "".join(path.read_text() for path in (root / "src/avow/server/screens/fragments").glob("*.html"))
    parts = {part for text in re.findall(r'part="([^"{]+)"', fragments) for part in text.split()}
    kinds = {f"{kind}-button" for kind in ("main", "plain", "quiet", "social", "small")}
    shown = {*re.findall(r"(--avow-[a-z-]+)\s*:", style), *parts, *kinds} - {"brand"}  # of pages alone
    assert {name for name in shown if f"`{name}`" not in manual} == set()
