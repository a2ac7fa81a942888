"""What an editor shows of each public name: every argument, what comes back, what is raised."""

import dataclasses
import inspect
import re
from functools import cached_property

import pytest
from docstring_parser import parse

import oddframe


def members(kind):
    """The public methods and properties that a class defines itself, as functions, by name."""
    for name, value in vars(kind).items():
        if name.startswith("_"):
            continue
        if isinstance(value, classmethod | staticmethod):
            yield name, value.__func__
        elif isinstance(value, property):
            yield name, value.fget
        elif isinstance(value, cached_property):
            yield name, value.func
        elif inspect.isfunction(value):
            yield name, value


def documented():
    """Every public function, and every member of a public class, by its full name."""
    found = {}
    for name in oddframe.__all__:
        value = getattr(oddframe, name)
        if inspect.isclass(value):
            found |= {f"{name}.{part}": function for part, function in members(value)}
        else:
            found[name] = value
    return found


FUNCTIONS = documented()
CLASSES = [name for name in oddframe.__all__ if inspect.isclass(getattr(oddframe, name))]


def names_in(said):
    """``low, high`` are two."""
    return {part for one in said for part in re.split(r",\s*", one)}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_argument_and_what_comes_back_are_said(name):
    function = FUNCTIONS[name]
    told = parse(inspect.getdoc(function) or "")
    assert told.short_description
    signature = inspect.signature(function, eval_str=False)
    wanted = [part for part in signature.parameters if part not in ("self", "cls")]
    said = names_in(part.arg_name for part in told.params)
    assert said == set(wanted), "Args: are those of the signature"
    bare = not wanted and "returns" not in (inspect.getdoc(function) or "").lower()
    if not bare and signature.return_annotation not in ("None", None):
        assert told.returns is not None, "Returns: or Yields:"
        assert told.returns.description
    for error in told.raises:
        assert error.description, "what raises it"


@pytest.mark.parametrize("name", CLASSES)
def test_each_attribute_is_said(name):
    kind = getattr(oddframe, name)
    told = parse(inspect.getdoc(kind) or "")
    assert told.short_description
    if dataclasses.is_dataclass(kind):
        said = names_in(part.arg_name for part in told.params)
        assert {field.name for field in dataclasses.fields(kind)} <= said


def test_verbs_say_what_they_refuse():
    """Whatever takes a path can be given a wrong one."""
    silent = {
        name
        for name, function in FUNCTIONS.items()
        if hasattr(function, "__wrapped__") and not parse(inspect.getdoc(function)).raises
    }
    assert silent <= {"doctor"}, "Raises:"
