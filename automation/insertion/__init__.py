"""Inserted values: `{{…}}` in texts and parameters, checked when saved, read when run, never evaluated (spec 1.9)."""

from automation.insertion.model import InvalidTemplateError, Placeholder, Template, TemplateError, references
from automation.insertion.parameters import Inserted, InvalidValue, Parameter, parse_parameter, resolve
from automation.insertion.parse import parse_template
from automation.insertion.printable import Target, printable
from automation.insertion.render import Render, RenderedTooLongError, compile_template

__all__ = [
    "Inserted",
    "InvalidTemplateError",
    "InvalidValue",
    "Parameter",
    "Placeholder",
    "Render",
    "RenderedTooLongError",
    "Target",
    "Template",
    "TemplateError",
    "compile_template",
    "parse_parameter",
    "parse_template",
    "printable",
    "references",
    "resolve",
]
