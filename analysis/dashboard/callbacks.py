"""What a browser may send to the server: requests that are too large or not of the page's form are refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeVar

from dash import ClientsideFunction, Output
from dash.exceptions import DependencyException, InvalidResourceError
from flask import abort, request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dash import Dash

PATH = "/_dash-update-component"  # Dash's address of all callbacks
MAX_BODY = 1_000_000  # bytes of a request; the pages' own have a few thousand

T = TypeVar("T")


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True)


class _Request(_Strict):
    """What the bodies of all callbacks have."""

    output: str


class _Id(_Strict):
    """The id of a block: see ``Block.component``."""

    model_config = ConfigDict(strict=True, frozen=True)
    type: Literal["part", "figure", "grid", "zoom"]
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
    """What the browser shows: see ``updates.update``."""

    address: str
    title: str
    stamps: list[Annotated[list[str], Field(min_length=2, max_length=2)]]
    news: str
    busy: bool
    dark: bool


class PageRequest(_Request):
    """The body of the request by which a page is brought up to date: see ``updates.update``.

    ``inputs`` holds path, query, tick and theme; ``state`` what is shown, the parts, the figures, the grids, and the
    zooms of the figures.
    """

    outputs: Annotated[
        tuple[_Property, _Property, list[_Property], list[_Property], list[_Property]], Field(strict=False)
    ]  # JSON has no tuples
    inputs: Annotated[
        tuple[_Value[str], _Value[str], _Value[int], _Value[Literal["light", "dark"]]], Field(strict=False)
    ]
    state: Annotated[
        tuple[_Value[_Shown], list[_Block], list[_Block], list[_Block], list[_Value[dict[str, Any]]]],
        Field(strict=False),
    ]
    changed: Annotated[list[str], Field(alias="changedPropIds")] = []

    @model_validator(mode="after")
    def _agree(self) -> PageRequest:
        """Check that outputs and state name the same blocks, each of them once."""
        _, parts, figures, grids, zooms = self.state
        blocks = [block.id for block in (*parts, *figures, *grids)]
        named = [output.id for outputs in self.outputs[2:] for output in outputs]
        if named != blocks or [block.value for block in (*parts, *figures, *grids)] != blocks:
            msg = "outputs and state name different blocks"
            raise ValueError(msg)
        if len(set(blocks)) != len(blocks) or len(zooms) != len(figures):
            msg = "a block occurs twice, or a figure has no zoom"
            raise ValueError(msg)
        return self


class _ValuesRequest(_Request):
    """The body of the request of a callback that a page adds; its values are checked by ``Callbacks.add``."""

    class Property(_Strict):
        id: str
        property: str

    class Value(Property):
        value: Any = None

    outputs: Property | list[Property]
    inputs: list[Value]
    state: list[Value] = []
    changed: Annotated[list[str], Field(alias="changedPropIds")] = []

    def check(self, outputs: Sequence[Output], values: TypeAdapter[Any]) -> None:
        """Raise ValueError unless the outputs are those of the callback and the values of the declared types."""
        named = [(o.id, o.property) for o in (self.outputs if isinstance(self.outputs, list) else [self.outputs])]
        if named != [(output.component_id, output.component_property) for output in outputs]:
            msg = "other outputs than the callback's"
            raise ValueError(msg)
        values.validate_json(json.dumps([value.value for value in (*self.inputs, *self.state)]), strict=True)


class Callbacks:
    """The callbacks of an application: each has the form of its request, and any other request is refused."""

    def __init__(self, app: Dash) -> None:
        """Start without callbacks."""
        self.app = app
        self._forms: dict[str, Callable[[bytes], object]] = {}  # output -> what raises ValidationError

    def add_update(self, update: Callable[..., Any], *dependencies: Any) -> None:  # noqa: ANN401 -- of Dash
        """Add the callback that brings a page up to date; its request is a ``PageRequest``."""
        self._forms[self._register(update, dependencies)] = PageRequest.model_validate_json

    def add(self, function: Callable[..., Any], *dependencies: Any, values: Any) -> None:  # noqa: ANN401 -- of Dash
        """Add a callback of a page.

        Args:
            function: what Dash calls.
            dependencies: its ``Output``, ``Input`` and ``State``; ids are texts.
            values: the type of its arguments as a tuple, such as ``tuple[int | None, str]``, in this order; a request
                with other values is answered 400. Pydantic checks it strictly; a ``TypedDict`` or a model is an object.

        """
        outputs = [one for one in dependencies if isinstance(one, Output)]
        adapter: TypeAdapter[Any] = TypeAdapter(values)
        self._forms[self._register(function, dependencies)] = lambda body: _ValuesRequest.model_validate_json(
            body
        ).check(outputs, adapter)

    def in_browser(self, name: str, *dependencies: Any) -> None:  # noqa: ANN401 -- of Dash
        """Add a callback that runs in the browser: the function ``name`` of ``page`` in assets/page.js."""
        self.app.clientside_callback(ClientsideFunction("page", name), *dependencies)  # type: ignore[no-untyped-call]

    def _register(self, function: Callable[..., Any], dependencies: tuple[Any, ...]) -> str:
        """Register a callback and return its output as Dash names it."""
        before = set(self.app.callback_map)
        self.app.callback(*dependencies)(function)
        (output,) = set(self.app.callback_map) - before
        return str(output)

    def refuse_malformed(self) -> None:
        """Answer 400 to a malformed callback, 404 to an unknown resource and 413 to a body beyond ``MAX_BODY``."""
        server = self.app.server
        server.config["MAX_CONTENT_LENGTH"] = MAX_BODY

        def check() -> None:
            if request.path != PATH or request.method != "POST":
                return
            body = request.get_data()
            try:
                output = _Request.model_validate_json(body).output
                if output not in self._forms:
                    abort(400, "malformed callback: output: no such callback")
                self._forms[output](body)
            except ValidationError as error:
                first = error.errors(include_url=False, include_input=False)[0]
                abort(400, f"malformed callback: {'.'.join(map(str, first['loc']))}: {first['msg']}")
            except ValueError as error:
                abort(400, f"malformed callback: {error}")

        server.before_request(check)
        for kind in (DependencyException, InvalidResourceError):
            server.register_error_handler(kind, lambda _: ("no such resource\n", 404))
