"""The page at the root of the API: what there is, how to call it, and each operation in a line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from services.gateway.html import document

_INTRODUCTION = """<h1>Stagewire</h1>
<p>Event-sourced automation for CRM platforms. This is its HTTP API: changes in, history out.</p>
<p>Everything below <code>/v1</code> but the webhooks takes an API key, which belongs to one tenant and has roles.
The key of a local run is in the file <code>api-key</code> of STAGEWIRE_HOME (<code>.stagewire</code> in the folder
where it was started); others are made with <code>stagewire keys create</code>.</p>
<pre>curl -H "Authorization: Bearer $(cat .stagewire/api-key)" {base}/v1/catalogue</pre>
<p>The OpenAPI 3.1 document with all bodies and answers is at <code>/v1/openapi.json</code>, with the same key;
errors are problem documents (RFC 9457).</p>
"""
_HEAD = "<thead><tr><th>Method</th><th>Path</th><th>What it does</th></tr></thead>"


def render(found: Mapping[str, Any], base: str) -> str:
    """Return the page drawn from the OpenAPI document; `base` is the address by which it was called."""
    groups: dict[str, list[str]] = {}
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            groups.setdefault(operation["tags"][0], []).append(_row(method, path, operation))
    tables = "".join(
        f'<h2>{escape(name.capitalize())}</h2><table class="api">{_HEAD}<tbody>{"".join(rows)}</tbody></table>'
        for name, rows in sorted(groups.items())
    )
    return document("Stagewire API", _INTRODUCTION.replace("{base}", escape(base)) + tables, wide=True)


def _row(method: str, path: str, operation: Mapping[str, Any]) -> str:
    told = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(operation["description"].partition("\n\n")[0]))
    role = operation["x-role"]
    needs = "no key" if role == "public" else f"role {role}"
    breakable = escape(path).replace("/", "/<wbr>")
    where = f"<code>{method.upper()}</code></td><td><code>{breakable}</code>"
    return f"<tr><td>{where}</td><td>{told} <em>({needs})</em></td></tr>"
