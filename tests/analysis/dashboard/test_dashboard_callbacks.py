"""Callbacks that pages add: their values are checked before Dash calls them."""

import pytest
from dash import Dash, Input, Output, State, html

from analysis.dashboard.callbacks import PATH, Callbacks


@pytest.fixture
def client():
    """Serve one callback that returns the number of clicks and a text."""
    app = Dash("test", enable_mcp=False, add_log_handler=False)
    app.layout = html.Div()
    callbacks = Callbacks(app)
    callbacks.add(
        lambda clicks, text: f"{clicks} {text}",
        Output("out", "children"),
        Input("in", "n_clicks"),
        State("text", "value"),
        values=tuple[int | None, str],
    )
    callbacks.refuse_malformed()
    return app.server.test_client()


def body(clicks=1, text="a", **changes):
    """Return what a browser sends."""
    return {
        "output": "out.children",
        "outputs": {"id": "out", "property": "children"},
        "inputs": [{"id": "in", "property": "n_clicks", "value": clicks}],
        "state": [{"id": "text", "property": "value", "value": text}],
        "changedPropIds": ["in.n_clicks"],
    } | changes


def test_a_callback_is_called_with_values_of_the_declared_types(client):
    answer = client.post(PATH, json=body(None, "b"))
    assert answer.json["response"] == {"out": {"children": "None b"}}


@pytest.mark.parametrize(
    "request_body",
    [
        body(clicks="1"),
        body(text=None),
        body(state=[]),
        body(outputs={"id": "other", "property": "children"}),
        body(outputs=[]),
        body(output="other.children"),
        body(inputs=[{"id": {"type": "x"}, "property": "n_clicks", "value": 1}]),
    ],
)
def test_a_request_of_another_form_is_answered_400(client, request_body):
    assert client.post(PATH, json=request_body).status_code == 400
