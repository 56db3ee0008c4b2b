"""Runs that are trained in this process, without Ray."""

import torch

from trainables.runs.execution import RunExecution, machine_facts
from trainables.training.run_training import RunTraining

CPU = torch.device("cpu")


def train(loader, run, epochs):
    """Train a run for some epochs, and write nothing."""
    training = RunTraining(run, loader.run_data(run), CPU)
    for _ in range(epochs):
        training.train_epoch()
    return training


def curve(training):
    return [point.model_dump() for point in training.curve]


def execute(run, loader, storage, steps=None):
    """Execute a run to its record, or for some steps; return the record, or None where it has not ended."""
    execution = RunExecution(run, loader, storage, machine_facts(CPU))
    record = None
    while record is None and steps != 0:
        _, record = execution.step()
        steps = None if steps is None else steps - 1
    execution.release()
    return record
