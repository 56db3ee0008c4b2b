"""The model card: training data, accuracy, intended use and limits, and how to use the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.report.markdown import markdown_text, to_markdown
from analysis.report.method_report import method_report
from analysis.tables.provenance import data_table
from analysis.tables.table import NONE, Table
from analysis.text.best import best_lines
from analysis.text.methods.software import software
from analysis.text.phrases import selected_words
from study.models.config import CONFIG, ONNX, weights_names
from trainables.naming import counted

if TYPE_CHECKING:
    from study.models.config import ModelConfig, ModelRun
    from study.models.selection import Selection
    from trainables.inference.onnx_graph import OnnxGraph

HEAD = """\
---
library_name: gce-study
pipeline_tag: audio-classification
---
"""

LIMITS = """\
The model labels recordings that resemble the data set: the same classes, and similar microphones, places and lengths.

- One label per clip: the probabilities of the classes sum to 1. If several sounds overlap, it names one.
- No other sounds: the model always names one of its classes, even if the sound belongs to none of them.
- The probabilities are averages of the network's outputs, and are not calibrated.
- All accuracies are measured by the labels of the data set, which may be wrong.
- Check the model's labels wherever a wrong one could do harm.
"""

LICENCE = """\
Not stated here: whoever trained the model chooses a licence that the licences of the recordings allow. gce-study itself
is licensed under Apache-2.0.
"""

USE = """\
`FOLDER` is this folder.

```sh
gce-study predict FOLDER recording.wav
```

```python
from study import load_model

model = load_model("FOLDER")
model.predict("recording.wav")  # a data frame: a row for each window, a column for each class
model(waveform)  # the probabilities of one clip: a mono waveform at model.sample_rate
```

A file of up to 30 seconds is one clip; a longer one is cut into windows of 10 seconds, each labelled
like a clip.
"""

USE_ONNX = """
With ONNX Runtime, without gce-study:

```python
import json
import onnxruntime

session = onnxruntime.InferenceSession("FOLDER/{file}")
classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])
probabilities = session.run(None, {{"samples": samples}})[0][0]
```

`samples` is a float32 array of shape (1, n) with n >= 2: one clip, mono, at {rate} Hz. The graph computes the log-mel
frames, cuts them into patches and averages their probabilities. It does not decode files, average channels, resample,
or cut long recordings into windows.{precision} On {sounds}, its probabilities differ from PyTorch's by at most
{difference:.1g}.
"""


def model_card(selection: Selection, config: ModelConfig, graph: OnnxGraph | None) -> str:
    """Return the model card in Markdown.

    Args:
        selection: the runs that the model is made of.
        config: what the model is.
        graph: the model as ONNX; None without it.

    """
    title = markdown_text(f"{config.study}: {config.configuration}")
    sections = {
        "Files": _files(config, graph),
        "Data": to_markdown(data_table(selection.results)),
        "Accuracy": _accuracy(selection, config),
        "Intended use and limits": LIMITS,
        "How to use it": USE + (_onnx(config, graph) if graph else ""),
        "Licence": LICENCE,
        "Software": markdown_text(software(selection.records)) or "Not recorded.",
    }
    parts = [f"# {title}\n\n{markdown_text(_summary(selection, config))}"]
    parts += [f"## {name}\n\n{text.strip()}" for name, text in sections.items()]
    return "\n".join([HEAD, "\n\n".join(parts), ""])


def which_runs(selection: Selection, config: ModelConfig) -> str:
    """State which runs of the study's choice the model consists of."""
    number, every = len(config.runs), counted(selection.of, "complete run")
    if number == 1:
        why = f", the one with the median {selected_words(selection.best.selected_on)}," if selection.median else ""
        return f"the run with seed {_seed(config.runs[0])}{why} of the {every} of the study's choice"
    of = f"the {every}" if number == selection.of else f"{number} of the {every}, those with kept weights,"
    return f"an ensemble of {of} of the study's choice, by the geometric mean of their probabilities"


def _summary(selection: Selection, config: ModelConfig) -> str:
    classes = counted(len(config.classes), "class")
    return f"A classifier of sounds into {classes}, trained by gce-study: {which_runs(selection, config)}."


def _files(config: ModelConfig, graph: OnnxGraph | None) -> str:
    rows = [(name, "weights of a run, in the safetensors format") for name in weights_names(len(config.runs))]
    rows.append((CONFIG, "classes in the order of the probabilities, configuration, features, runs, accuracies"))
    rows += [(ONNX, "from samples to probabilities as one graph")] if graph else []
    return to_markdown(Table("", ("file", "content"), tuple(rows)))


def _accuracy(selection: Selection, config: ModelConfig) -> str:
    """Return the verdict, the choice with its accuracies, and those of the runs that the model consists of."""
    lines = best_lines(selection.best)
    if len(config.runs) > 1 and config.test_accuracy is not None:
        lines.append(f"test accuracy of the ensemble: {_percent(config.test_accuracy)} %, measured once")
    rows = tuple(
        (run.run_id, _seed(run), _percent(run.validation_accuracy), _percent(run.test_accuracy)) for run in config.runs
    )
    runs = Table("", ("run", "seed", "validation accuracy (%)", "test accuracy (%)"), rows)
    verdict = markdown_text(method_report(selection.results).verdict)
    return "\n\n".join([verdict, "\n".join(f"- {markdown_text(line)}" for line in lines), to_markdown(runs)])


def _seed(run: ModelRun) -> str:
    return str(run.run.seed) if run.run.fold is None else f"{run.run.seed}, tested on fold {run.run.fold}"


def _percent(accuracy: float | None) -> str:
    return NONE if accuracy is None else f"{100 * accuracy:.1f}"


def _onnx(config: ModelConfig, graph: OnnxGraph) -> str:
    bf16 = config.training["precision"] == "bf16"
    return USE_ONNX.format(
        file=ONNX,
        rate=config.sample_rate,
        precision=" It computes in float32, though the network was trained in bfloat16." if bf16 else "",
        sounds=counted(graph.sounds, "sound"),
        difference=graph.difference,
    )
