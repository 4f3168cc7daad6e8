"""Conditions: data checked when saved, closures when run, a tree of verdicts when asked why (spec 1.6)."""

from automation.conditions.compile import Predicate, compile_condition
from automation.conditions.explain import GroupTrace, LeafTrace, Trace, explain
from automation.conditions.model import (
    ALWAYS,
    Condition,
    ConditionError,
    InvalidConditionError,
    condition_references,
)
from automation.conditions.parse import parse_condition
from automation.conditions.stored import condition_data, condition_json, load_condition
from automation.scope import Schema, Scope

__all__ = [
    "ALWAYS",
    "Condition",
    "ConditionError",
    "GroupTrace",
    "InvalidConditionError",
    "LeafTrace",
    "Predicate",
    "Schema",
    "Scope",
    "Trace",
    "compile_condition",
    "condition_data",
    "condition_json",
    "condition_references",
    "explain",
    "load_condition",
    "parse_condition",
]
