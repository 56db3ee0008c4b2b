"""The argument parser of the commands: a misspelt command, option or value is refused with the nearest allowed one."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from study.spec.messages import closest, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

_PARSER = "_parser"  # where a namespace keeps the parser of the innermost command


class CommandParser(argparse.ArgumentParser):
    """A parser whose refusals name the command in question, and suggest what may have been meant."""

    def __init__(self, *args: Any, **settings: Any) -> None:  # noqa: ANN401 -- argparse's settings
        """Prepare a parser; the settings are those of ``argparse.ArgumentParser``."""
        super().__init__(*args, **settings)
        self.set_defaults(**{_PARSER: self})
        self.hidden: set[str] = set()  # commands that help and messages do not name
        self.groups: dict[str, str] = {}  # command -> the heading under which the help lists it
        self.notes: dict[str, str] = {}  # heading -> a line below its commands
        self.examples: tuple[tuple[str, str], ...] = ()  # command lines without the program, and what they do

    def format_help(self) -> str:
        """Return the help."""
        from study.commands.line.help import help_text  # noqa: PLC0415 -- rich, which no parsing needs

        return help_text(self, self.groups, self.notes, self.examples)

    def parse_args(  # type: ignore[override]  # argparse's overloads add nothing here
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """Parse a command line; end the process with code 2 and a message if it is wrong."""
        options, unknown = self.parse_known_args(args, namespace)
        innermost: CommandParser = getattr(options, _PARSER)
        if unknown:
            innermost.refuse(unknown)
        delattr(options, _PARSER)
        return options

    def error(self, message: str) -> NoReturn:
        """Print the usage and a message of one line, whatever was typed, and end the process with code 2."""
        from study.console import say  # noqa: PLC0415 -- rich, which no parsing needs

        self.print_usage(sys.stderr)
        say(f"{self.prog}: error: {message}", err=True)
        self.exit(2)

    def refuse(self, unknown: Sequence[str]) -> NoReturn:
        """End the process because of arguments that this command does not have."""
        known = [option for action in self._actions for option in action.option_strings]
        refused = ", ".join(shown(text) + closest(text.partition("=")[0], known) for text in unknown)
        self.error(f"unknown arguments: {refused}" if len(unknown) > 1 else f"unknown argument: {refused}")

    def _check_value(self, action: argparse.Action, value: Any) -> None:  # noqa: ANN401 -- argparse's signature
        """Refuse a value that is not one of the choices."""
        if action.choices is None or value in action.choices:
            return
        allowed = [str(choice) for choice in action.choices if choice not in self.hidden]
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 -- argparse has no public name for it
            msg = f"{shown(value)} is not a command{closest(value, allowed)}; allowed: {', '.join(allowed)}"
            raise argparse.ArgumentError(None, msg)
        raise argparse.ArgumentError(action, f"{shown(value)}; allowed: {', '.join(allowed)}{closest(value, allowed)}")
