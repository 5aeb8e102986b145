"""Make ``signatures.json``: how PyTorch's layers and functions call their arguments.

Needs PyTorch. Run in the folder `tests`: ``python -m references.make_signatures``. Written are all
public names of `torch.nn` and `torch.nn.functional`, each with its parameters in order and their
defaults; private parameters, and where a tensor is to live, are left out.
"""

import ast
import inspect
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

PLACES = ("device", "dtype", "out", "self")
REQUIRED = "required"

Parameters = list[tuple[str, str]]


def parameters(value: Any) -> Parameters:
    """Names and defaults; of a function in C those that its documentation writes out."""
    try:
        found = list(inspect.signature(value).parameters.values())
    except (ValueError, TypeError):
        found = []
    named = [p for p in found if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if inspect.isclass(value) or (found and named == found):
        pairs = [(p.name, REQUIRED if p.default is p.empty else repr(p.default)) for p in named]
    else:
        pairs = documented(value)
    return [(name, default) for name, default in pairs if kept(name)]


def kept(name: str) -> bool:
    return name not in PLACES and not name.startswith("_")


def documented(value: Any) -> Parameters:
    match = re.search(
        rf"{value.__name__.lstrip('_')}\((.*?)\)\s*(->|\n)", value.__doc__ or "", re.S
    )
    if match is None:
        return []
    arguments = ast.parse(f"def f({match[1]}): pass").body[0].args  # type: ignore[attr-defined]
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    defaults = [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]
    required = [REQUIRED] * (len(names) - len(defaults))
    return list(zip(names, required + [repr(ast.literal_eval(d)) for d in defaults], strict=True))


def public(module: ModuleType) -> dict[str, Parameters]:
    names = [name for name, value in vars(module).items() if is_offered(name, value, module)]
    return {name: parameters(getattr(module, name)) for name in sorted(names)}


def is_offered(name: str, value: Any, module: ModuleType) -> bool:
    if name.startswith(("_", "has_torch_", "scaled_mm", "scaled_grouped", "grouped_", "native_")):
        return False
    if name.endswith(("_", "_with_indices")):  # in place, or what another name is made of
        return False
    if module is torch.nn:
        return inspect.isclass(value) and issubclass(value, torch.nn.Module)
    helpers = ("torch.overrides", "torch._jit_internal", "torch._torch_docs", "torch.nn.modules")
    home = getattr(value, "__module__", None) or ""
    return inspect.isroutine(value) and not home.startswith(helpers) and bool(value.__doc__)


def main() -> None:
    table = {"nn": public(torch.nn), "nn.functional": public(torch.nn.functional)}
    text = json.dumps(table, separators=(", ", ": ")).replace("]], ", "]],\n")
    Path(__file__).with_name("signatures.json").write_text(text + "\n", encoding="utf-8")
    print({part: len(names) for part, names in table.items()})


if __name__ == "__main__":
    main()
