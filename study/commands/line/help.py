"""The help of a command, drawn by rich-argparse: imported only when help is printed."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from rich.text import Text
from rich_argparse import RichHelpFormatter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HEADINGS = {"positional arguments": "arguments"}  # argparse's words -> ours
INDENT = 2  # of a section
HELP_COLUMN = 26  # at most: where the texts begin; longer options have a line of their own


def capitalised(text: str) -> str:
    """Return a text with a capital first letter."""
    return f"{text[:1].upper()}{text[1:]}"


class _Formatter(RichHelpFormatter):
    """Colours that are readable on light and on dark terminals; nothing in a text is read as markup."""

    styles = RichHelpFormatter.styles | {
        "argparse.groups": "bold",
        "argparse.prog": "bold",
        "argparse.args": "green",
        "argparse.metavar": "default",
    }
    help_markup = text_markup = False

    group_name_formatter = staticmethod(capitalised)  # type: ignore[assignment] # mypy takes the base for a method


def help_text(
    parser: argparse.ArgumentParser,
    groups: Mapping[str, str],
    notes: Mapping[str, str],
    examples: Sequence[tuple[str, str]],
) -> str:
    """Return the help of a command, with colours if the standard output is a terminal that has them.

    Args:
        parser: of the command.
        groups: a command below it -> the heading under which it is listed; empty if they have none.
        notes: heading -> a line below its commands.
        examples: command lines without the program, each with what it does.

    """
    formatter = _Formatter(parser.prog, max_help_position=HELP_COLUMN)
    formatter.add_usage(parser.usage, parser._actions, parser._mutually_exclusive_groups)  # noqa: SLF001 -- as argparse does
    if parser.description:
        formatter.add_text(f"{capitalised(parser.description).removesuffix('.')}.")
    sections = parser._action_groups  # noqa: SLF001 -- as argparse does
    for group in sorted(sections, key=lambda group: group is parser._optionals):  # noqa: SLF001 -- options last
        commands = [a for a in group._group_actions if isinstance(a, argparse._SubParsersAction)]  # noqa: SLF001
        if commands and groups:
            _add_groups(formatter, commands[0], groups, notes)
            continue
        formatter.start_section(HEADINGS.get(group.title or "", group.title))
        formatter.add_arguments(group._group_actions)  # noqa: SLF001
        formatter.end_section()
    if examples:
        formatter.start_section("examples")
        formatter.add_text(_examples(parser.prog.partition(" ")[0], examples, formatter.console.width - INDENT))
        formatter.end_section()
    return formatter.format_help()


def _add_groups(
    formatter: _Formatter, commands: argparse.Action, groups: Mapping[str, str], notes: Mapping[str, str]
) -> None:
    """Add a section for each group of commands."""
    listed = {action.dest: action for action in commands._get_subactions()}  # type: ignore[attr-defined] # noqa: SLF001
    for heading in dict.fromkeys(groups.values()):
        formatter.start_section(heading)
        formatter.add_arguments([listed[name] for name, group in groups.items() if group == heading])
        formatter.end_section()
        if heading in notes:
            formatter.start_section(None)
            formatter.add_text(notes[heading])
            formatter.end_section()


def _examples(program: str, examples: Sequence[tuple[str, str]], width: int) -> Text:
    """Return the examples, each with what it does: in the same line if all fit, else in the line before."""
    lines = [f"{program} {line}" for line, _ in examples]
    widest = max(map(len, lines))
    beside = all(widest + len(f"  # {meaning}") <= width for _, meaning in examples)
    texts = []
    for line, (_, meaning) in zip(lines, examples, strict=True):
        comment = Text(f"# {meaning}", "dim")
        texts.append(
            Text.assemble((line.ljust(widest), "green"), "  ", comment)
            if beside
            else Text.assemble(comment, "\n", (line, "green"))
        )
    return Text("\n").join(texts)
