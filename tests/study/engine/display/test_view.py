"""The view of a study: what each row states, and that it fits terminals of any size and encoding."""

import io
import time

import pytest
from rich.console import Console

from factories import Builder, record
from study.engine.display.overview import Flight, Overview, counts_of, grouped, leading, rows_of
from study.engine.display.view import ASCII, UNICODE, StudyView
from trainables.losses.catalogue import CCE, AdaptiveGCE


def add(builder, arm, temperature, seed):
    """Plan a run of an adaptive loss."""
    loss = AdaptiveGCE(name="adaptive_gce", temperature=temperature)
    builder.add(arm, loss, seed, varied={"temperature": temperature}, status=None)


@pytest.fixture
def study():
    """Three configurations with five seeds each: done, failed, running and waiting runs."""
    builder = Builder("rain")
    for seed in range(5):
        builder.add("cce", CCE(name="cce"), seed, status=None)
    for seed in range(5):
        add(builder, "adaptive", 100.0, seed)
    return builder


def overview(builder, states="", **changes):
    """An overview in which the runs have these states: c complete, f failed, r running, others waiting."""
    plans = builder.plan().runs
    records = {
        p.run.run_id: record(p, "complete" if s == "c" else "failed", validation_accuracy=0.5 + i / 100)
        for i, (p, s) in enumerate(zip(plans, states, strict=False))
        if s in "cf"
    }
    flying = [p for p, s in zip(plans, states, strict=False) if s == "r"]
    rows = rows_of(grouped(plans), records, [p.run.run_id for p in flying], "validation")
    flights = tuple(Flight(p, 3, 0.25, 310.0) for p in flying)
    settings = {"most_left": len(plans) - len(records), "counts": counts_of(rows), "flights": flights} | changes
    return Overview(study="rain", rows=rows, **settings)


def drawn(view, width=80, height=40, encoding="utf-8"):
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    Console(file=file, width=width, height=height, color_system=None, force_terminal=True).print(view)
    file.flush()
    return file.buffer.getvalue().decode(encoding).splitlines()


def test_the_header_has_bar_counts_failures_and_times(study):
    lines = drawn(StudyView(overview(study, "cccfr", began_s=4320.0, eta_s=2280.0)), width=100)
    assert lines[0] == "rain  ████████░░░░░░░░░░░░  4/10 · 1 failed · 1 running · 1 h 12 min, about 38 min left"


@pytest.mark.parametrize(("width", "cells"), [(120, 20), (80, 12), (50, 8)])
def test_the_bar_depends_on_the_width_alone_so_that_it_never_jumps(study, width, cells):
    for states in ("", "c", "cccfr"):
        line = drawn(StudyView(overview(study, states, began_s=4320.0, eta_s=2280.0)), width=width)[0]
        assert line.count("█") + line.count("░") == cells


def test_what_does_not_fit_beside_the_bar_is_on_the_next_line_whole(study):
    lines = drawn(StudyView(overview(study, "cccfr", began_s=4320.0, eta_s=2280.0)), width=76)
    assert lines[0] == "rain  ████░░░░░░░░  4/10 · 1 failed · 1 running"
    assert lines[1] == "  1 h 12 min, about 38 min left"


def test_a_long_name_is_above_its_row_and_the_others_stay_in_line(study):
    for seed in range(5):
        study.add("a-name-too-long-to-stand-beside-its-dots", CCE(name="cce"), seed + 5, status=None)
    lines = drawn(StudyView(overview(study, "c" * 15)), width=42)
    assert lines[1:6] == [
        "                         validation %",
        "  cce             ●●●●●  52.0 ± 2.0",
        "  adaptive T=100  ●●●●●  57.0 ± 2.0",
        "  a-name-too-long-to-stand-beside-its-dots",
        "                  ●●●●●  62.0 ± 2.0 ★",
    ]


def test_a_legend_breaks_between_signs(study):
    lines = drawn(StudyView(overview(study, "cccfrcc")), width=42)
    assert "  ● done  ✗ failed  ◐ running  ○ waiting" in lines
    assert "  ★ highest so far" in lines


def test_a_study_that_may_plan_more_states_upper_bounds(study):
    lines = drawn(StudyView(overview(study, "c", most_left=29, at_most=True, began_s=60.0, eta_s=120.0)), width=100)
    assert lines[0].endswith("1 of at most 30 · 60 s, at most 2 min left")


def test_a_row_has_a_sign_for_each_seed_and_the_mean_of_the_complete_ones(study):
    lines = drawn(StudyView(overview(study, "cccfrcc")))
    assert "  cce             ●●●✗◐  51.0" in lines
    assert "  adaptive T=100  ●●○○○  55.5 ★" in lines
    assert "  ● done  ✗ failed  ◐ running  ○ waiting  ★ highest so far" in lines


def test_five_complete_runs_have_an_interval(study):
    assert "  cce             ●●●●●  52.0 ± 2.0 ★" in drawn(StudyView(overview(study, "ccccc")))


def test_the_signs_are_ascii_where_the_encoding_is(study):
    lines = drawn(StudyView(overview(study, "cccccfr", began_s=1.0)), encoding="ascii")
    assert lines[0].startswith("rain  #######-----  6/10, 1 failed, 1 running")
    assert "  cce             #####  52.0 +- 2.0 *" in lines
    assert "  adaptive T=100  x>..." in lines


def test_each_state_has_a_sign_of_its_own_apart_from_the_two_ways_to_fail():
    for signs in (ASCII, UNICODE):
        assert signs.dots["failed"] == signs.dots["diverged"]
        assert len(set(signs.dots.values())) == len(signs.dots) - 1


def test_running_runs_stand_below_with_their_epoch(study):
    assert drawn(StudyView(overview(study, "r")))[-1] == (
        "  cce, seed 0  epoch   3/160  validation 25.0 %  310 images/s"
    )


@pytest.mark.parametrize("width", [30, 60, 80, 120])
@pytest.mark.parametrize("name", ["adaptive", "a-loss-with-a-very-long-name-that-somebody-chose-for-it"])
def test_names_are_whole_and_no_line_is_wider_than_the_terminal(width, name):
    builder = Builder("rain")
    for temperature in (100.0, 1000.0):
        for seed in range(12):
            add(builder, name, temperature, seed)
    lines = drawn(StudyView(overview(builder, "ccccccrr")), width=width)
    assert max(map(len, lines)) <= width
    assert name in "".join(line.strip() for line in lines)


@pytest.mark.parametrize("height", [8, 12, 24])
def test_the_rows_that_fit_are_those_that_lead_or_run_and_the_others_are_counted(height):
    builder = Builder("rain")
    for i in range(60):
        add(builder, "adaptive", i + 1.0, 0)
    lines = drawn(StudyView(overview(builder, "c" * 40 + "r"), fit=True), height=height)
    assert len(lines) < height
    assert any(line.startswith("  adaptive T=40 ") and line.endswith("★") for line in lines)
    assert sum("more configurations, " in line for line in lines) == 1


def test_without_a_limit_every_row_is_drawn():
    builder = Builder("rain")
    for i in range(60):
        add(builder, "adaptive", i + 1.0, 0)
    lines = drawn(StudyView(overview(builder)), height=10)
    assert sum(line.startswith("  adaptive T=") for line in lines) == 60


def test_of_very_many_seeds_counts_are_shown():
    builder = Builder("rain")
    for seed in range(250):
        builder.add("cce", CCE(name="cce"), seed, status=None)
    assert any(line.startswith("  cce  6● 1✗ 243○") for line in drawn(StudyView(overview(builder, "cccfccc"))))


def test_names_cannot_control_the_terminal(study):
    lines = drawn(StudyView(overview(study, lines=("leads: \x1b[2J[red]x[/red]",))))
    assert "  leads: \\u001b[2J[red]x[/red]" in lines


def test_confirming_runs_alone_lead_once_there_are_some():
    builder = Builder("rain")
    builder.add("cce", CCE(name="cce"), 0, stage="explore", status=None)
    builder.add("adaptive", AdaptiveGCE(name="adaptive_gce", temperature=10.0), 10_000, stage="confirm", status=None)
    rows = overview(builder, "cc").rows
    assert [row.group.name for row in rows] == ["cce (explore)", "adaptive (confirm)"]
    assert [row.leads for row in rows] == [False, True]


def test_controls_never_lead():
    builder = Builder("rain")
    builder.add("cce", CCE(name="cce"), 0, status=None)
    builder.add("control", CCE(name="cce"), 1, stage="control", status=None)
    rows = overview(builder, "cc").rows
    assert {row.group.arm for row in rows if row.group in leading(rows)} == {"cce"}


def test_ten_thousand_runs_are_drawn_within_a_fraction_of_a_second():
    builder = Builder("rain")
    for i in range(40):
        for seed in range(250):
            add(builder, "adaptive", i + 1.0, seed)
    view = StudyView(overview(builder, "c" * 10_000), fit=True)
    began = time.thread_time()
    drawn(view)
    assert time.thread_time() - began < 1.0
