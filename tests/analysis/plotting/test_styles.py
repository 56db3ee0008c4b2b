"""An arm is drawn by its loss, whatever its place in the study file."""

from __future__ import annotations

from plotly.validator_cache import ValidatorCache

from analysis.plotting.palette import HUES
from analysis.plotting.styles import DASHES, LOSSES, MARKERS, styles, styles_of_losses


def hue(colour: str) -> str:
    return next(name for name, shades in HUES.items() if colour in {shade.light for shade in shades})


def test_every_built_in_loss_has_its_own_look() -> None:
    from trainables.losses.catalogue import LOSSES as BUILT_IN  # noqa: PLC0415

    names = {loss.model_fields["name"].annotation.__args__[0] for loss in BUILT_IN}
    assert set(LOSSES) == names
    assert len({(hue, shade, marker) for hue, shade, marker, _ in LOSSES.values()}) == len(LOSSES)
    assert {marker for _, _, marker, _ in LOSSES.values()} <= set(MARKERS)


def test_a_loss_keeps_its_look_whatever_its_place() -> None:
    one = styles_of_losses({"mine": "gce", "other": "cce"})
    two = styles_of_losses({"a": "adaptive_gce", "b": "cce", "c": "gce"})
    assert one["mine"] == two["c"]
    assert one["other"] == two["b"]
    assert [hue(look.colour) for look in two.values()] == ["blue", "vermilion", "green"]


def test_arms_of_one_loss_share_a_hue_and_differ_otherwise() -> None:
    looks = styles_of_losses({"first": "gce", "fixed": "cce", "second": "gce", "third": "gce"})
    of_gce = [looks[arm] for arm in ("first", "second", "third")]
    assert {hue(look.colour) for look in of_gce} == {"green"}
    assert len({look.colour for look in of_gce}) == len({look.dash for look in of_gce}) == 3
    assert len({look.marker for look in looks.values()}) == 4


def test_controls_yield_the_look_of_their_loss_to_its_arm() -> None:
    looks = styles_of_losses({"adaptive.fixed_q": "gce", "gce": "gce"})
    assert looks["gce"] == styles_of_losses({"gce": "gce"})["gce"]
    assert list(looks) == ["adaptive.fixed_q", "gce"]


def test_losses_of_plugins_take_hues_that_are_free() -> None:
    looks = styles_of_losses({"a": "mine", "b": "yours", "c": "gce"})
    assert len({hue(look.colour) for look in looks.values()}) == 3
    assert len({look.marker for look in looks.values()}) == 3


def test_any_number_of_arms_has_a_style() -> None:
    looks = styles_of_losses({f"arm {i}": f"loss {i % 30}" for i in range(90)})
    assert len(looks) == 90


def test_lines_of_one_arm_differ_in_dash() -> None:
    look = styles_of_losses({"a": "adaptive_gce"})["a"]
    assert len({look.turned(turn).dash for turn in range(len(DASHES))}) == len(DASHES)


def test_markers_are_ones_that_plotly_draws() -> None:
    allowed = ValidatorCache.get_validator("scatter.marker", "symbol").values
    assert all(marker in allowed and f"{marker}-open" in allowed for marker in MARKERS)
    assert len(set(MARKERS)) == len(MARKERS)


def test_a_study_names_its_arms_in_the_plans_order(full_study) -> None:
    looks = styles(full_study.results().runs)
    assert list(looks) == ["adaptive", "cce", "gce"]
    assert [hue(look.colour) for look in looks.values()] == ["blue", "vermilion", "green"]


def test_a_control_is_another_shade_of_the_hue_of_its_arm() -> None:
    looks = styles_of_losses({"adaptive.fixed_q": "gce", "adaptive": "adaptive_gce", "gce": "gce"})
    assert hue(looks["adaptive.fixed_q"].colour) == hue(looks["adaptive"].colour) == "blue"
    assert len({look.colour for look in looks.values()}) == len({look.dash for look in looks.values()}) == 3
