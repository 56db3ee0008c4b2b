"""Colours stand out from either paper and stay apart for colour-blind readers."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest

from analysis.plotting.palette import DIVERGING, HUES, ON_DARK, PAPER, SEQUENTIAL, SOFT, STRENGTHS, Pair, scale
from analysis.plotting.theme import strength
from colours import VISIONS, contrast, distance, luminance

SHADES = [(name, shade) for name, shades in HUES.items() for shade in shades]


@pytest.mark.parametrize(("name", "shade"), [*SHADES, ("soft", SOFT)])
def test_every_colour_has_a_contrast_of_3_on_its_paper(name: str, shade: Pair) -> None:
    assert contrast(shade.light, PAPER.light) >= 3, name
    assert contrast(shade.dark, PAPER.dark) >= 3, name


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("dark", [False, True])
def test_the_usual_six_losses_stay_apart_for_every_vision(vision: str, *, dark: bool) -> None:
    usual = [shades[0][dark] for shades in list(HUES.values())[:6]]
    assert min(distance(one, other, vision) for one, other in combinations(usual, 2)) > 20


@pytest.mark.parametrize("name", HUES)
def test_the_shades_of_a_hue_differ_in_lightness_for_every_vision(name: str) -> None:
    for dark in (False, True):
        for one, other in combinations([shade[dark] for shade in HUES[name]], 2):
            assert min(distance(one, other, vision) for vision in VISIONS) > 10


def test_a_colour_on_white_paper_has_one_partner_on_dark_paper() -> None:
    assert all(ON_DARK[pair.light] == pair.dark for _, pair in SHADES)


def test_a_stronger_value_stands_out_more_from_either_paper() -> None:
    for paper in (0, 1):
        contrasts = [contrast(pair[paper], PAPER[paper]) for pair in SEQUENTIAL]
        assert all(weak < strong for weak, strong in pairwise(contrasts))
        assert contrasts[0] < 1.2
        assert contrasts[-1] > 12


def test_a_scale_is_reversed_on_dark_paper() -> None:
    light, dark = (scale(SEQUENTIAL, dark=paper) for paper in (False, True))
    assert luminance(light[0][1]) > luminance(light[-1][1])
    assert luminance(dark[0][1]) < luminance(dark[-1][1])


def test_zero_of_a_diverging_scale_is_the_paper() -> None:
    assert DIVERGING[len(DIVERGING) // 2] == PAPER


def test_the_stronger_line_stands_out_more_on_both_papers() -> None:
    lines = [strength(share / 20) for share in range(21)]
    for paper, line in ((PAPER.light, lines), (PAPER.dark, [ON_DARK[line] for line in lines])):
        contrasts = [contrast(colour, paper) for colour in line]
        assert all(weak <= strong for weak, strong in pairwise(contrasts))
        assert contrasts[-1] > 2 * contrasts[0]
    assert lines[0] == STRENGTHS[0].light
