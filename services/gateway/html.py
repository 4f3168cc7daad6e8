"""Pages of HTML for people: no scripts, nothing from elsewhere, one style that the policy names by its hash."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping

_STYLE = """
:root{color-scheme:light dark;--page:#f4f5f7;--card:#fff;--text:#16191f;--soft:#565d6b;--line:#dfe2e8;--accent:#1d4ed8;
--on:#fff;--good:#e7f6ec;--good-text:#14532d;--bad:#fdecec;--bad-text:#8c1d18;--wait:#eef3fe;--wait-text:#1e3a8a}
@media(prefers-color-scheme:dark){:root{--page:#101318;--card:#191d24;--text:#eceef2;--soft:#a9b0bd;--line:#313743;
--accent:#8fb4ff;--on:#0c1220;--good:#12331f;--good-text:#a7e8be;--bad:#3d1614;--bad-text:#ffc2bd;
--wait:#18264a;--wait-text:#c3d5ff}}
*{box-sizing:border-box}
body{font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;margin:0;padding:6vh 1rem 3rem;
background:var(--page);color:var(--text)}
main{max-width:33rem;margin:0 auto;padding:2rem;background:var(--card);border:1px solid var(--line);border-radius:14px}
main.wide{max-width:60rem}
h1{font-size:1.3rem;line-height:1.3;margin:0;overflow-wrap:anywhere}
h2{font-size:1.05rem;margin:2rem 0 .3rem}
p{margin:.6rem 0}
a{color:var(--accent)}
code,pre{font:.875rem/1.5 ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}
pre{padding:.8rem 1rem;margin:.6rem 0;border:1px solid var(--line);border-radius:8px;white-space:pre-wrap}
table{width:100%;border-collapse:collapse;margin:1.2rem 0 0}
th{font-size:.8rem;font-weight:600;color:var(--soft);text-align:left;padding:0 0 .4rem;
border-bottom:1px solid var(--line)}
td{padding:.55rem 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
.api td,.api th{padding-right:1rem}.api td:last-child,.api th:last-child{padding-right:0}
.api td:first-child{width:4.5rem}.api td:nth-child(2){width:45%}
.bill td+td,.bill th+th{text-align:right;white-space:nowrap;padding-left:1.25rem;font-variant-numeric:tabular-nums}
.amount{margin:1.5rem 0 1.2rem}
.amount span{display:block;font-size:.9rem;color:var(--soft)}
.amount strong{font-size:2rem;line-height:1.2;font-variant-numeric:tabular-nums}
.state{margin:0 0 1.2rem;padding:.7rem 1rem;border-radius:8px;font-weight:600;
background:var(--wait);color:var(--wait-text)}
.state.paid{background:var(--good);color:var(--good-text)}
.state.voided,.state.unknown{background:var(--bad);color:var(--bad-text)}
.state:last-child{margin-bottom:0}
h1+.state{margin-top:1.2rem}
button{font:inherit;font-weight:600;width:100%;padding:.85rem;border:0;border-radius:8px;
background:var(--accent);color:var(--on);cursor:pointer}
button:hover{filter:brightness(1.1)}
:focus-visible{outline:3px solid var(--accent);outline-offset:3px}
small{display:block;margin-top:.7rem;text-align:center;font-size:.875rem;color:var(--soft)}
@media(max-width:30rem){body{padding:0}main,main.wide{border:0;border-radius:0;padding:1.5rem 1.15rem;min-height:100vh}
.api tr{display:grid;grid-template-columns:4rem 1fr}.api th{display:none}.api td,.api td:nth-child(2){width:auto;
border:0;padding:.1rem 0}.api td:nth-child(3){grid-column:1/3}
.api tr{border-bottom:1px solid var(--line);padding:.5rem 0}}
"""
_STYLE_HASH = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",  # the address of a payment page is its secret
    "X-Robots-Tag": "noindex",
    "X-Frame-Options": "DENY",
}


def document(title: str, body: str, *, wide: bool = False, refresh: int = 0) -> str:
    """Return a page; title and body are HTML already. With `refresh` it is loaded anew after so many seconds."""
    again = f'<meta http-equiv="refresh" content="{refresh}">' if refresh else ""
    frame = '<main class="wide">' if wide else "<main>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">{again}'
        f"<title>{title}</title><style>{_STYLE}</style></head><body>{frame}{body}</main></body></html>"
    )
