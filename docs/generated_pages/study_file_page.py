"""The reference page of the study file: every key from the JSON Schema."""

from __future__ import annotations

import json
from typing import Any

from generated_pages.markdown import WORDS, cell, code, slug

from study.spec.study import json_schema
from trainables.datasets.config import KINDS

KEY_PAGE = """\
# Study file

This page lists every key of a study file: its type, range, default and meaning. It is generated from the JSON Schema
(`gce-study schema`) by `docs/generate.py`.

A study file is YAML 1.2. An unknown key is an error, and so is a value of the wrong type; every problem is reported at
once. Only `name`, `dataset` and `arms` are required.

```yaml
name: figure3
description: Accuracy of the adaptive loss against T
dataset: {kind: fsdnoisy18k, root: ~/data/FSDnoisy18k}
arms:
  - {name: adaptive, loss: {name: adaptive_gce, temperature: {values: [100, 316, 1000, 3162, 10000]}}, subset: all}
  - {name: gce, loss: {name: gce, q: 0.7}, subset: {values: [all, clean]}}
  - {name: cce, loss: {name: cce}}
method: {name: grid}
seeds: 12                      # 0 to 11, or an explicit list such as [3, 5, 8]
training: {epochs: 160}        # every default is the paper's
resources: {cpus_per_run: 1, gpus_per_run: 0, max_concurrent: 2}
storage: results               # a folder, or s3://bucket/prefix
```

A parameter can be fixed (`q: 0.7`), left open over values (`q: {values: [0.3, 0.7]}`, 1 to 1,000 distinct ones, each a
configuration of its own) or, if it is a number and the method is `search`, left open over a range (`q: {min: 0.1,
max: 1}`, with `scale: linear` or `scale: log`; of a parameter that is a whole number, whole numbers are sampled). The
tables mark such keys as *open*: the parameters of losses and networks, the subset, and the training settings.

`training` and `network` hold for every arm. An arm may have its own: a network in place of the study's, and training
settings that replace the study's key by key; see [Tune the learning rate of each loss](../howto/tune-training.md).

`keep` states which trained weights the storage location keeps, as `weights/RUN_ID.safetensors`; see
[Which weights are kept](../howto/running-studies.md#which-weights-are-kept).

Changing `description`, `keep`, `budget`, `resources`, `notify`, `storage` or the place of the data changes no result,
so it may be done under the same study name. Any other change needs a new name.
"""
DATA_SETS = {model.__name__: f"Data set of kind {kind}" for kind, model in KINDS.items()}
TITLES = DATA_SETS | {
    "Arm": "Arms", "Grid": "Method grid", "Settle": "Method settle", "Search": "Method search",
    "StudyFeatures": "Features",
}  # fmt: skip
ORDER = ["Arm", *DATA_SETS, "Noise", "Grid", "Settle", "Search", "Asha", "Budget", "StudyFeatures"]
OPEN = {
    "OpenLoss": ("Losses", "[Losses](losses.md) has the formulas."),
    "OpenNetwork": ("Networks", "[Networks](networks.md) has their layers and weights."),
}
ARM_TRAINING = "ArmTraining"  # the keys of ``Training`` but three; their defaults are the study's


def study_file_reference() -> str:
    """Return the page of every key of a study file."""
    schema = json_schema()
    definitions: dict[str, Any] = schema["$defs"]
    made = ("Values", "Range", *OPEN)  # derived models, which have no section or one further below
    rest = [name for name in definitions if not name.endswith(made[:2]) and not name.startswith(made[2:])]
    page = KEY_PAGE + "\n## Top level\n\n" + _table(schema, definitions)
    for name in [*ORDER, *(name for name in rest if name not in {*ORDER, ARM_TRAINING})]:
        page += _section("##", TITLES.get(name, name), definitions[name], definitions)
    for prefix, (heading, text) in OPEN.items():
        page += f"\n## {heading}\n" + (f"\n{text}\n" if text else "")
        for name, model in definitions.items():
            if name.startswith(prefix):
                page += _section("###", _open_title(name, definitions), model, definitions)
    return page


def _open_title(name: str, definitions: dict[str, Any]) -> str:
    """Return the heading of a loss or network, such as ``Loss gce``."""
    prefix = next(prefix for prefix in OPEN if name.startswith(prefix))
    return f"{prefix.removeprefix('Open')} {definitions[name]['properties']['name']['const']}"


def _section(level: str, title: str, model: dict[str, Any], definitions: dict[str, Any]) -> str:
    text = "\n\n".join(" ".join(part.split()) for part in model.get("description", "").split("\n\n"))
    return f"\n{level} {title}\n\n{code(text)}\n\n" + _table(model, definitions)


def _table(model: dict[str, Any], definitions: dict[str, Any]) -> str:
    rows = ["| key | allowed | default | meaning |", "|---|---|---|---|"]
    for key, value in model["properties"].items():
        required = key in model.get("required", [])
        default = "required" if required else f"`{json.dumps(value['default'])}`" if "default" in value else ""
        meaning = cell(code(value.get("description", "")))
        rows.append(f"| `{key}` | {cell(_allowed(value, definitions))} | {_default(default)} | {meaning} |")
    return "\n".join(rows) + "\n"


def _default(text: str) -> str:
    """Leave out a default that is an object, which the section of the object states."""
    return "see below" if text.startswith("`{") and text != "`{}`" else "" if text in {'`""`', "`[]`"} else text


def _allowed(value: dict[str, Any], definitions: dict[str, Any]) -> str:  # noqa: PLR0911 -- a case for each form
    """Return in words what a schema allows."""
    if "const" in value:
        return f"`{value['const']}`"
    if "enum" in value:
        return ", ".join(f"`{each}`" for each in value["enum"])
    if value.get("title") == "Plugin":
        return "one of a [plugin](plugins.md)"
    if "$ref" in value:
        return _reference(value["$ref"].rsplit("/", 1)[1], definitions)
    for several in ("oneOf", "anyOf"):
        if several in value:
            return _alternatives([_allowed(each, definitions) for each in value[several]])
    if value.get("type") == "array":
        return f"list of: {_allowed(value['items'], definitions)}"
    return _simple(value)


def _alternatives(texts: list[str]) -> str:
    texts = list(dict.fromkeys(text for text in texts if text))
    opened = "*open*" in texts
    rest = [text for text in texts if text != "*open*"]
    for kind in ("loss", "network"):
        named = [text for text in rest if f"(#{kind}-" in text]
        if named:
            heading = f"{kind}{'es' if kind == 'loss' else 's'}"
            rest = [f"one of the [{heading}](#{heading})", *(text for text in rest if text not in named)]
    return "; ".join(["; or ".join(rest), *(["*open*"] if opened else [])])


def _reference(name: str, definitions: dict[str, Any]) -> str:
    if name.endswith(("Values", "Range")):
        return "*open*"
    if name == ARM_TRAINING:
        return "[Training](#training) without `validation`, `split_seed` and `split`"
    title = _open_title(name, definitions) if name.startswith(tuple(OPEN)) else TITLES.get(name, name)
    return f"[{title.rsplit(' ', 1)[-1]}](#{slug(title)})"


def _simple(value: dict[str, Any]) -> str:
    word = WORDS.get(value.get("type", ""), "mapping of numbers")
    bounds = [
        f"{sign} {value[name]:,.10g}"
        for name, sign in (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"))
        if name in value
    ]
    return f"{word} {', '.join(bounds)}".strip() + (f" like `{value['pattern']}`" if "pattern" in value else "")
