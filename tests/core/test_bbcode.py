"""BBCode of spec 4.5 becomes HTML that holds nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.bbcode import render


@pytest.mark.parametrize(
    ("text", "html", "plain"),
    [
        ("[b]a[/b] [i]b[/i] [s]c[/s] [u]d[/u]", "<b>a</b> <i>b</i> <s>c</s> <u>d</u>", "a b c d"),
        ("[B]a[/b]", "<b>a</b>", "a"),
        ("[b][i]a[/i][/b]", "<b><i>a</i></b>", "a"),
        ("[b]a", "[b]a", "[b]a"),
        ("a[/b]", "a[/b]", "a[/b]"),
        ("[b][i]a[/b]", "<b>[i]a</b>", "[i]a"),
        ("[img]x[/img]", "[img]x[/img]", "[img]x[/img]"),
        ("[b=1]a[/b]", "[b=1]a[/b]", "[b=1]a[/b]"),
        ("<b>&", "&lt;b&gt;&amp;", "<b>&"),
        ("a\r\nb", "a<br>\nb", "a\r\nb"),
        ("[url]https://x.example[/url]", '<a href="https://x.example">https://x.example</a>', "https://x.example"),
        (
            "pay at https://x.example/a?b=1&c=2.",
            'pay at <a href="https://x.example/a?b=1&amp;c=2">https://x.example/a?b=1&amp;c=2</a>.',
            "pay at https://x.example/a?b=1&c=2.",
        ),
        ("[b]http://x.example[/b]", '<b><a href="http://x.example">http://x.example</a></b>', "http://x.example"),
        ("[url=tel:1]http://x.example[/url]", '<a href="tel:1">http://x.example</a>', "http://x.example (tel:1)"),
        (
            "ahttp://x.example http:// https://[",
            "ahttp://x.example http:// https://[",
            "ahttp://x.example http:// https://[",
        ),
        ("[url=tel:+123]call[/url]", '<a href="tel:+123">call</a>', "call (tel:+123)"),
        ("[url=mailto:a@b.example]write[/url]", '<a href="mailto:a@b.example">write</a>', "write (mailto:a@b.example)"),
    ],
)
def test_each_tag_has_its_two_forms(text: str, html: str, plain: str) -> None:
    """Known and closed tags are markup; all else stands as it is written."""
    rendered = render(text)
    assert (rendered.html, rendered.plain) == (html, plain)


@pytest.mark.parametrize(
    "target",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "//evil.example", "file:///etc/passwd",
     "vbscript:x", 'https://x.example/"onmouseover="a', "https://x.example/ a", "java\tscript:alert(1)", "http:",
     "https://[", ""],
)  # fmt: skip
def test_an_unsafe_link_is_shown_and_not_linked(target: str) -> None:
    """Only http, https, mailto and tel become links."""
    assert "<a" not in render(f"[url={target}]x[/url]").html
    assert "<a" not in render(f"[url]{target}[/url]").html


@given(st.text(alphabet=st.sampled_from("[]/=bisurl <>\"'&ahtp:.\n"), max_size=60))
def test_the_html_of_any_text_is_balanced_and_holds_known_tags_only(text: str) -> None:
    """Whatever is written, tags are ours, closed in order, and what is not a tag is escaped."""
    html = render(text).html
    stack: list[str] = []
    for closing, tag in re.findall(r"<(/?)(b|i|s|u|a)(?: href=\"[^\"<>]*\")?>", html):
        if closing:
            assert stack.pop() == tag
        else:
            stack.append(tag)
    assert stack == []
    assert "<" not in re.sub(r"</?(?:b|i|s|u|a)>|<a href=\"[^\"<>]*\">|<br>", "", html)


@pytest.mark.parametrize(
    "text", ["[b]" * 50_000, "[b]" * 50_000 + "[/i]" * 50_000, "[url]" * 30_000 + "[/url]" * 30_000]
)
def test_many_tags_cost_no_more_than_their_length(text: str) -> None:
    """A hostile text of 100,000 tags is rendered in a moment, and stands as it was written."""
    assert render(text).plain == text


def test_many_pairs_are_all_rendered() -> None:
    """Depth has no limit."""
    assert render("[b]" * 50_000 + "x" + "[/b]" * 50_000).plain == "x"


def test_a_web_address_without_a_tag_leads_where_links_lead() -> None:
    """What is shown stays; a click on it is tracked like that on any link (spec 4.32)."""
    rendered = render("Pay at https://pay.example/1, please", lambda link: f"https://crm.example/t?{link[-1]}")
    assert rendered.html == 'Pay at <a href="https://crm.example/t?1">https://pay.example/1</a>, please'
    assert rendered.plain == "Pay at https://pay.example/1, please"
