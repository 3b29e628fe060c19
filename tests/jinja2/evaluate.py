"""Evaluates expressions with Jinja2, for the test that compares them with ours.

Reads one JSON object a line: {"source": ..., "data": {...}}. Writes one a line: {"value": ...} or {"error": ...}.
"""

import json
import sys
import types

import jinja2.runtime
from jinja2 import Environment, StrictUndefined

# Constants are worked out like everything else.
ENGINE = Environment(undefined=StrictUndefined, optimized=False)


def text(value):
    """A value as text, as ours is: a difference on purpose, which would hide others."""
    if isinstance(value, str) or isinstance(value, StrictUndefined):
        return str(value)
    return "" if value is None else json.dumps(plain(value), separators=(",", ":"), ensure_ascii=False)


def join(values, between="", attribute=None):
    return text(between).join(text(value) for value in values)


# What `~` calls.
jinja2.runtime.str_join = lambda values: "".join(map(text, values))
ENGINE.filters.update(string=text, join=join)


def plain(value):
    """A value as JSON has it; whatever JSON does not have is an error."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if not -(2**63) <= value < 2**64:
            raise ValueError("more than 64 bits")
        return value
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise ValueError("not finite")
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, dict):
        if not all(isinstance(name, str) for name in value):
            raise ValueError("a name is no text")
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, (list, tuple, range, types.GeneratorType)) or hasattr(value, "__next__"):
        return [plain(item) for item in value]
    raise ValueError(f"no JSON: {type(value).__name__}")


def evaluate(source, data):
    return plain(ENGINE.compile_expression(source, undefined_to_none=False)(**data))


for line in sys.stdin:
    question = json.loads(line)
    try:
        answer = {"value": evaluate(question["source"], question["data"])}
    except Exception as error:  # Whatever goes wrong is what the test asks for.
        answer = {"error": f"{type(error).__name__}: {error}"[:300]}
    print(json.dumps(answer), flush=True)
