"""Whether a module is a detector: what it lacks is said when it is loaded, not after a training.

What is asked of a detector is what :mod:`oddframe.detectors.contract` says of its traits.
"""

from __future__ import annotations

import dis
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from types import FunctionType
from typing import Any, Literal, TypeGuard, get_args, get_origin, get_type_hints

from oddframe.detectors import contract, fitted
from oddframe.detectors.traits import Traits
from oddframe.errors import OddframeError, nearest
from oddframe.files.text_files import shown

_SEE = "see docs/own-detectors.md"


def is_name(name: Any) -> TypeGuard[str]:
    """Whether a detector may be called so: small letters, digits and ``-``, 100 at most."""
    return isinstance(name, str) and bool(
        re.fullmatch(r"(?=.{1,100}\Z)[a-z0-9]+(-[a-z0-9]+)*", name)
    )


def check_detector(module: Any, where: str) -> None:
    """Refuse a module that is no detector, before anything is done with it.

    Args:
        module: what was loaded.
        where: how the message begins.

    Raises:
        OddframeError: what it lacks.
    """
    kind, config = getattr(module, "DETECTOR", None), getattr(module, "CONFIG", None)
    if not inspect.isclass(kind):
        raise OddframeError(f"{where}: expected DETECTOR, a class; {_SEE}")
    if not inspect.isclass(config) or not is_dataclass(config):
        raise OddframeError(f"{where}: expected CONFIG, a dataclass; {_SEE}")
    bare = [field.name for field in fields(config) if field.default is MISSING]
    if bare:
        raise OddframeError(f"{where}: expected a default for every setting, '{bare[0]}' has none")
    if getattr(kind, "config_type", config) is not config:
        raise OddframeError(
            f"{where}: expected DETECTOR.config_type to be CONFIG, {config.__name__}, found "
            f"{shown(kind.config_type)}"
        )
    if not is_name(name := getattr(kind, "name", None)):
        raise OddframeError(
            f"{where}: expected DETECTOR.name in small letters, digits and '-', found {name!r}"
        )
    traits = getattr(kind, "traits", None)
    if not isinstance(traits, Traits):
        raise OddframeError(
            f"{where}: expected DETECTOR.traits, Traits of oddframe.detectors.traits, found "
            f"{traits!r}; {_SEE}"
        )
    _check_traits(traits, where)
    for role in _roles(traits):
        _check_role(kind, role, where)
    if missing := sorted(getattr(kind, "__abstractmethods__", ())):
        raise OddframeError(f"{where}: expected DETECTOR to have a method {missing[0]}; {_SEE}")


def _check_traits(traits: Traits, where: str) -> None:
    """Refuse a kind that there is not, which would be taken for one of the others."""
    hints = get_type_hints(Traits)
    for field in fields(Traits):
        value, hint = getattr(traits, field.name), hints[field.name]
        choices = get_args(hint) if get_origin(hint) is Literal else ()
        if choices and value not in choices:
            meant = nearest(value, choices) if isinstance(value, str) else ""
            wanted = " or ".join(map(repr, choices))
            end = f"; {meant.strip()}" if meant else ""
            raise OddframeError(
                f"{where}: traits.{field.name}: expected {wanted}, found {shown(value)}{end}"
            )
        if hint is bool and not isinstance(value, bool):
            raise OddframeError(
                f"{where}: traits.{field.name}: expected True or False, found {shown(value)}"
            )


def _roles(traits: Traits) -> Iterator[type]:
    """The protocols that a detector with these traits promises to be."""
    frames = traits.looks_at == "frames"
    yield contract.FrameDetector if frames else contract.FeatureDetector
    asked = {
        fitted.Fitted: traits.trained == "at once",
        contract.Untrained: traits.needs_no_footage,
        contract.Delayed: traits.delayed,
        contract.TermDetector: traits.per_video,
        contract.Forking: traits.forks,
        contract.Network: traits.on_gpu,
        contract.AlarmCounter: traits.counts_alarms,
        fitted.LeavingOut: traits.leaves_out,
        fitted.Resuming: traits.resumes,
        fitted.ShowingSights: traits.shows_sights,
    }
    yield from (role for role, promised in asked.items() if promised)


def _check_role(kind: type, role: type, where: str) -> None:
    """Refuse a class that lacks what a protocol names, or that cannot be called as it says."""
    for base in reversed(role.__mro__[:-1]):
        for name, wanted in vars(base).items():
            if name.startswith("_"):
                continue
            if isinstance(wanted, property):
                if not _is_there(kind, name):
                    raise OddframeError(
                        f"{where}: expected DETECTOR to have {name}: a property, an attribute of "
                        f"the class, or one that __init__ sets; {_SEE}"
                    )
            elif isinstance(wanted, FunctionType | classmethod):
                _check_method(kind, name, getattr(base, name), where)


def _check_method(kind: type, name: str, wanted: Callable[..., Any], where: str) -> None:
    """Refuse a method that is not there, or that cannot be called as that of the protocol is."""
    method = getattr(kind, name, None)
    if not callable(method):
        raise OddframeError(f"{where}: expected DETECTOR to have a method {name}; {_SEE}")
    asked, found = inspect.signature(wanted), inspect.signature(method)
    given = [part for part in asked.parameters.values() if part.name != "self"]
    named = {part.name: None for part in given if part.kind is part.KEYWORD_ONLY}
    itself = isinstance(inspect.getattr_static(kind, name), FunctionType)
    try:
        found.bind(*[None] * (itself + len(given) - len(named)), **named)
    except TypeError as error:
        raise OddframeError(
            f"{where}: expected DETECTOR.{name}{_plain(asked)}, found {name}{_plain(found)}; {_SEE}"
        ) from error


def _plain(signature: inspect.Signature) -> str:
    """What a method is called with: without ``self`` and types."""
    parts = [part for part in signature.parameters.values() if part.name != "self"]
    parts = [part.replace(annotation=part.empty) for part in parts]
    return str(signature.replace(parameters=parts, return_annotation=signature.empty))


def _is_there(kind: type, name: str) -> bool:
    """Whether instances of a class have something: of the class, or set by its ``__init__``."""
    return hasattr(kind, name) or any(
        name in inspect.get_annotations(base) or name in _set_by(vars(base).get("__init__"))
        for base in kind.__mro__
    )


def _set_by(function: Any) -> set[str]:
    if not isinstance(function, FunctionType):
        return set()
    steps = dis.get_instructions(function)
    return {step.argval for step in steps if step.opname == "STORE_ATTR"}
