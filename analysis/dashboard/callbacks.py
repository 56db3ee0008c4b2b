"""What a browser may send to the server: requests that are too large or not of the page's form are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeVar

from dash.exceptions import DependencyException, InvalidResourceError
from flask import abort, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

if TYPE_CHECKING:
    from collections.abc import Container

    from flask import Flask

PATH = "/_dash-update-component"  # Dash's address of all callbacks
MAX_BODY = 1_000_000  # bytes of a request; the pages' own have a few thousand

T = TypeVar("T")


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True)


class _Id(_Strict):
    """The id of a block: see ``Block.component``."""

    model_config = ConfigDict(strict=True, frozen=True)
    type: Literal["part", "figure", "zoom"]
    key: str


class _Property(_Strict):
    """A property of a component."""

    id: str | _Id
    property: str


class _Value(_Property, Generic[T]):
    """A property with its value; a property that is not set has none."""

    value: T | None = None


class _Block(_Property):
    """The id of a block, as the value of its own property ``id``."""

    id: _Id
    value: _Id


class _Shown(_Strict):
    """What the browser shows: see ``app.update``."""

    address: str
    title: str
    stamps: list[Annotated[list[str], Field(min_length=2, max_length=2)]]
    dark: bool


class CallbackRequest(_Strict):
    """The body of the request by which a page is brought up to date: see ``app.update``.

    ``inputs`` holds path, query, tick and theme; ``state`` what is shown, the parts, the figures and their zooms.
    """

    output: str
    outputs: Annotated[
        tuple[_Property, _Property, list[_Property], list[_Property]], Field(strict=False)
    ]  # JSON has no tuples
    inputs: Annotated[
        tuple[_Value[str], _Value[str], _Value[int], _Value[Literal["light", "dark"]]], Field(strict=False)
    ]
    state: Annotated[
        tuple[_Value[_Shown], list[_Block], list[_Block], list[_Value[dict[str, Any]]]], Field(strict=False)
    ]
    changed: Annotated[list[str], Field(alias="changedPropIds")] = []

    @model_validator(mode="after")
    def _agree(self) -> CallbackRequest:
        """Check that outputs and state name the same blocks, each of them once."""
        _, parts, figures, zooms = self.state
        blocks = [block.id for block in (*parts, *figures)]
        named = [output.id for output in (*self.outputs[2], *self.outputs[3])]
        if named != blocks or [block.value for block in (*parts, *figures)] != blocks:
            msg = "outputs and state name different blocks"
            raise ValueError(msg)
        if len(set(blocks)) != len(blocks) or len(zooms) != len(figures):
            msg = "a block occurs twice, or a figure has no zoom"
            raise ValueError(msg)
        return self


def refuse_malformed(server: Flask, outputs: Container[str]) -> None:
    """Answer 400 to a malformed callback, 404 to an unknown resource and 413 to a body beyond ``MAX_BODY``.

    Args:
        server: of the dashboard.
        outputs: the callbacks' outputs as Dash names them.

    """
    server.config["MAX_CONTENT_LENGTH"] = MAX_BODY

    def check() -> None:
        if request.path != PATH or request.method != "POST":
            return
        try:
            output = CallbackRequest.model_validate_json(request.get_data()).output
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            abort(400, f"malformed callback: {'.'.join(map(str, first['loc']))}: {first['msg']}")
        if output not in outputs:
            abort(400, "malformed callback: output: no such callback")

    server.before_request(check)
    for kind in (DependencyException, InvalidResourceError):
        server.register_error_handler(kind, lambda _: ("no such resource\n", 404))
