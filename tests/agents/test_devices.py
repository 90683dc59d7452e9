"""Nothing in agents assumes a device, and nothing inside an update asks one for a number.

No machine of this project has an accelerator. What can be held without one: every array that torch makes names its
device, what lives beside the processor is listed with the reason, and the modules that run inside an update call
nothing that waits for a device.
"""

import ast
from pathlib import Path

import pytest

import nashlens.agents.learner

ROOM = Path(nashlens.agents.learner.__file__).parent
FACTORIES = {
    *("arange", "empty", "eye", "full", "linspace", "ones", "rand", "randint", "randn", "randperm", "tensor", "zeros"),
}
# Kept beside the processor on purpose: module, and the function or class in which the array is made.
BESIDE_THE_PROCESSOR = {
    ("replay", "Replay"): "update counts and places, which fill slices and the lists of ensembles",
    ("sequence_replay", "SequenceReplay"): "places, which fill slices",
    ("on_policy_engine", "OnPolicyEngine"): "what an update reports, kept beside the processor",
    ("value_engine", "ValueEngine"): "what an update reports, kept beside the processor",
    ("recurrent_maddpg", "update_all"): "what an update reports, kept beside the processor",
    ("successors", "States"): "how much of the room behind the ring is used, which decides whether it grows",
    ("checkpoint", "Generators"): "states of generators are read on the processor",
    ("checkpoint", "tensors"): "a checkpoint is read on the processor, and copied from there",
    ("warm_start", "_write"): "positions in an array, and numbers that are copied into one",
}
# What an update runs through; `recording`, `rollout` and `training` stand outside it.
INSIDE_AN_UPDATE = (
    *(
        "actor_critic_steps",
        "adversary",
        "adam",
        "box_head",
        "choice_head",
        "gumbel",
        "heads",
        "joint_inputs",
        "layout",
        "learner",
        "losses",
        "maddpg",
    ),
    *("narrow", "networks", "opponents", "passes"),
)
WAITING = {"item", "cpu", "numpy", "tolist", "nonzero"}
# Outside an update: hashes, checkpoints, the look behind it whether all is finite. Inside one: a count that is kept
# beside the processor.
ALLOWED = {
    ("networks", "parameter_hash"),
    ("networks", "is_finite"),
    ("choice_head", "permuted"),
    ("adam", "_counted"),
}


def modules():
    return {path.stem: ast.parse(path.read_text()) for path in sorted(ROOM.glob("*.py"))}


def calls(tree):
    """Every call with the names of what it stands in, outermost first, and whether its result is moved at once."""
    found = []

    def walk(node, within, moved):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            within = (*within, node.name)
        if isinstance(node, ast.Call):
            found.append((node, within, moved))
            inner = isinstance(node.func, ast.Attribute) and node.func.attr == "to"
            walk(node.func, within, inner)
            for child in (*node.args, *(k.value for k in node.keywords)):
                walk(child, within, False)
            return
        if isinstance(node, ast.Attribute):
            walk(node.value, within, moved)
            return
        for child in ast.iter_child_nodes(node):
            walk(child, within, False)

    walk(tree, (), False)
    return found


def names_no_device(call, moved):
    function = call.func
    made = isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "torch"
    if not made or function.attr not in FACTORIES:
        return False
    return not moved and not any(k.arg == "device" for k in call.keywords)


def without_device(trees):
    return {
        (name, within[:1] and within[0], call.lineno)
        for name, tree in trees.items()
        for call, within, moved in calls(tree)
        if names_no_device(call, moved)
    }


def test_every_array_names_its_device():
    strays = {found for found in without_device(modules()) if found[:2] not in BESIDE_THE_PROCESSOR}
    assert not strays, f"these arrays are made where the processor keeps them: {sorted(map(str, strays))}"


def test_the_list_of_exceptions_is_no_longer_than_it_must_be():
    assert {found[:2] for found in without_device(modules())} == set(BESIDE_THE_PROCESSOR)


@pytest.mark.parametrize("name", INSIDE_AN_UPDATE)
def test_nothing_inside_an_update_waits_for_the_device(name):
    waiting = {
        (within[-1], call.lineno)
        for call, within, _ in calls(modules()[name])
        if isinstance(call.func, ast.Attribute) and call.func.attr in WAITING and (name, within[-1]) not in ALLOWED
    }
    assert not waiting


@pytest.mark.parametrize(
    ("source", "caught"),
    [
        ("def f():\n    return torch.zeros(3)", True),
        ("def f():\n    return torch.zeros(3, device=d)", False),
        ("def f():\n    return torch.arange(3).to(d)", False),
        ("def f():\n    return (torch.arange(3) + 1).to(d)", True),
        ("def f():\n    return torch.zeros_like(x)", False),
    ],
)
def test_the_reading_of_sources_catches_what_it_should(source, caught):
    assert bool(without_device({"m": ast.parse(source)})) is caught
