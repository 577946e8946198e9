"""The frame of a page: its head, its style, and the elements shared by all pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from vdb.model.version import __version__

__all__ = ["color", "page", "section", "sentence_list", "table", "text", "tiles"]

COLORS = 6
"""Number of colours for metrics, kinds and levels."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

_STYLE = """
:root {
  --paper: #fbfaf8; --card: #ffffff; --ink: #1d1f24; --soft: #62666f; --line: #e3e0da;
  --c0: #2166ac; --c1: #d6604d; --c2: #1b8a6b; --c3: #9467bd; --c4: #b8860b; --c5: #5f6b7a;
  --heat: 33, 102, 172; --good: #1b8a6b; --bad: #b0413e;
  color-scheme: light dark;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15171b; --card: #1d2026; --ink: #e9e7e2; --soft: #9aa0ab; --line: #31353d;
    --c0: #6aaee8; --c1: #ef8e7b; --c2: #5cc4a2; --c3: #bb9bdc; --c4: #d9b04c; --c5: #9aa5b4;
    --heat: 106, 174, 232; --good: #5cc4a2; --bad: #ef8e7b;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 68rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .3rem; letter-spacing: -.015em; }
h2 { font-size: 1.2rem; margin: 2.6rem 0 .3rem; letter-spacing: -.01em; }
h3 { font-size: .95rem; margin: 0 0 .5rem; }
.sub, .note { color: var(--soft); margin: 0 0 1rem; }
.note { font-size: .9rem; max-width: 46rem; }
.lead { font-size: 1.25rem; line-height: 1.45; max-width: 48rem; margin: 1.4rem 0 .6rem; }
ul.findings { margin: 0; padding-left: 1.1rem; max-width: 48rem; }
ul.findings li { margin: .25rem 0; }
.grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(19rem, 1fr)); }
.plots { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  padding: 1rem 1.1rem; overflow-x: auto; }
.tiles { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); }
.tile b { display: block; font-size: 1.45rem; font-weight: 600; letter-spacing: -.02em; }
.tile span { color: var(--soft); font-size: .85rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; }
th, td { text-align: left; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
th { color: var(--soft); font-weight: 500; font-size: .85rem; }
tr:last-child td { border-bottom: 0; }
.r { text-align: right; }
.tag { border-radius: 1rem; padding: .05rem .55rem; font-size: .78rem; font-weight: 400;
  border: 1px solid; white-space: nowrap; }
.yes { color: var(--good); } .no { color: var(--bad); }
.dot { display: inline-block; width: .7em; height: .7em; border-radius: 50%; margin-right: .4em; }
.quote { margin: .5rem 0 .2rem; overflow-wrap: anywhere; }
.small { font-size: .85rem; color: var(--soft); }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { fill: var(--ink); font: 13px system-ui, sans-serif; }
svg .soft { fill: var(--soft); } svg .axis { stroke: var(--line); }
footer { margin-top: 3rem; color: var(--soft); font-size: .85rem; }
@media print { .card { break-inside: avoid; } body { background: none; } }
"""


def text(value: object) -> str:
    """Any text, escaped for HTML, with unprintable characters as escapes."""
    visible = "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in str(value))
    return escape(visible)


def color(number: int) -> str:
    """The colour of the metric, kind or level of that number, as a CSS value."""
    return f"var(--c{number % COLORS})"


def page(title: str, sub: str, parts: Iterable[str]) -> str:
    """A whole page; `parts` are HTML already, title and sub are plain text."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">\n'
        f"<title>{text(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f'<h1>{text(title)}</h1>\n<p class="sub">{text(sub)}</p>\n'
        + "\n".join(parts)
        + f"\n<footer>Made by vdb {text(__version__)}. This page loads nothing.</footer>\n"
        "</main>\n</body>\n</html>\n"
    )


def section(title: str, note: str, *parts: str) -> str:
    """A heading, a note in a soft colour, and HTML below."""
    note_html = f'<p class="note">{text(note)}</p>' if note else ""
    return f"<section><h2>{text(title)}</h2>{note_html}{''.join(parts)}</section>"


def tiles(facts: Sequence[tuple[str, str]]) -> str:
    """Figures with their labels: (figure, label)."""
    cells = (
        f'<div class="card tile"><b>{text(figure)}</b><span>{text(label)}</span></div>'
        for figure, label in facts
    )
    return f'<div class="tiles">{"".join(cells)}</div>'


def sentence_list(sentences: Sequence[str]) -> str:
    """Sentences: the first one large, the others as a list."""
    if not sentences:
        return ""
    items = "".join(f"<li>{text(sentence)}</li>" for sentence in sentences[1:])
    return f'<p class="lead">{text(sentences[0])}</p><ul class="findings">{items}</ul>'


def table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Iterable[int] = ()
) -> str:
    """A table of plain text; `numbers` are the right-aligned columns."""
    right = set(numbers)

    def cells(row: Sequence[str], tag: str) -> str:
        return "".join(
            f'<{tag} class="r">{text(cell)}</{tag}>'
            if i in right
            else f"<{tag}>{text(cell)}</{tag}>"
            for i, cell in enumerate(row)
        )

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return f'<div class="card"><table><tr>{cells(columns, "th")}</tr>{body}</table></div>'
