"""The tree has the rooms it should: short modules and functions, small folders, no circle of imports."""

import ast
import re
from collections import Counter
from graphlib import TopologicalSorter
from itertools import chain
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("study", "trainables", "analysis")


PUBLIC_FACE = ["analysis", "study", "trainables/features", "trainables/losses", "trainables/networks"]
MOST_MODULES, MOST_LINES, MOST_LINES_OF_A_FUNCTION = 15, 300, 50
LARGE = {"benchmarks": "scripts, which the pages of docs/ name by their paths"}
LONG = {
    "benchmarks/large_study.py:record_of": "a record has that many keys",
    "benchmarks/noop_study.py:main": "what imports Ray is imported in it",
    "benchmarks/training_step.py:measure": "five figures with their notes",
    "tests/study/cluster/test_ray_up.py:test_on_aws_a_gpu_machine_comes_with_the_work_and_goes_without": (
        "one story of a cluster that takes minutes to start"
    ),
}


def python_files():
    """Return the Python files of the project, those of tests and scripts included."""
    folders = (*PACKAGES, "tests", "benchmarks", "docs", "deploy")
    return [file for folder in folders for file in (ROOT / folder).rglob("*.py")]


def test_init_files_are_empty_but_those_of_the_public_face():
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("__init__.py")]
    assert sorted(str(f.parent.relative_to(ROOT)) for f in files if f.read_bytes()) == PUBLIC_FACE


def test_no_folder_holds_more_than_fifteen_modules():
    folders = Counter(file.parent for file in python_files())
    counts = {str(f.relative_to(ROOT)): n - (f / "__init__.py").exists() for f, n in folders.items()}
    assert len(counts) > 20
    assert {folder for folder, count in counts.items() if count > MOST_MODULES} == LARGE.keys()


def test_no_module_is_longer_than_three_hundred_lines():
    lines = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in python_files()}
    assert len(lines) > 1000
    assert {file: count for file, count in lines.items() if count > MOST_LINES} == {}


def lengths(file):
    """Yield each function of a file by name, and how many lines it has without its docstring."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documented = first.end_lineno - first.lineno + 1 if ast.get_docstring(node) is not None else 0
            yield f"{file.relative_to(ROOT)}:{node.name}", node.end_lineno - node.lineno + 1 - documented


def test_no_function_is_longer_than_fifty_lines_without_its_docstring():
    functions = list(chain.from_iterable(map(lengths, python_files())))
    assert len(functions) > 5000
    assert {function for function, count in functions if count > MOST_LINES_OF_A_FUNCTION} == LONG.keys()


def test_no_modules_import_each_other_in_a_circle():
    """Imports inside functions and for type checkers alone count too."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert sum(map(len, imports.values())) > 500
    TopologicalSorter(imports).prepare()  # raises CycleError, which names the circle


def test_the_name_of_a_method_is_a_string_in_its_settings_alone():
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    named = {str(f.relative_to(ROOT)) for f in files if re.search(r'"(grid|settle|search)"', f.read_text())}
    # The dashboard has grids of rows, a box to search, and an address whose query is called so.
    assert {file for file in named if not file.startswith("analysis/dashboard/")} == {"trainables/settings.py"}
