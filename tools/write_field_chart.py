"""Draws docs/images/field.svg from the results of the field, or, with --check, compares it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"
RESULTS = DOCS / "benchmarks" / "2026-11-21.md"
PICTURE = DOCS / "images" / "field.svg"

# The line of the table, and its name in the picture.
BARS = (
    ("**vdb int8**", "vdb, codes int8"),
    ("faiss HNSWSQ", "faiss HNSWSQ"),
    ("**vdb**", "vdb"),
    ("faiss HNSWFlat", "faiss HNSWFlat"),
    ("hnswlib", "hnswlib"),
    ("VSAG sq8_uniform", "VSAG sq8_uniform"),
    ("usearch f32", "usearch f32"),
    ("Qdrant Edge", "Qdrant Edge"),
    ("Chroma", "Chroma"),
    ("LanceDB HNSW", "LanceDB HNSW"),
    ("sqlite-vec", "sqlite-vec (scan)"),
)
WIDTH, LEFT, ROW, TOP, SCALE = 720, 160, 24, 68, 190

STYLE = """\
.page { fill: #ffffff; }
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-size: 15px; font-weight: 600; }
.note { font-size: 12px; fill: #59636e; }
.bar { fill: #8c959f; }
.vdb { fill: #0969da; }
.line { stroke: #59636e; stroke-dasharray: 3 3; }
@media (prefers-color-scheme: dark) {
  .page { fill: #0d1117; }
  text { fill: #e6edf3; }
  .note { fill: #9198a1; }
  .bar { fill: #656c76; }
  .vdb { fill: #4493f8; }
  .line { stroke: #9198a1; }
}"""


def ratios() -> dict[str, float]:
    """Queries a second at recall 0.95 over hnswlib's in the same run, by line of the tables."""
    found: dict[str, float] = {}
    row = re.compile(r"\| ([^|]+) \| ([\d,]+) \| (\d+\.\d+)x \|")
    for name, rate, ratio in row.findall(RESULTS.read_text(encoding="utf-8")):
        # The last digits of a small ratio are in the rate; what stands first is the libraries' run.
        found.setdefault(name, float(ratio) or int(rate.replace(",", "")) / 26_916)
    return found


def picture() -> str:
    """The whole file."""
    values = ratios()
    height = TOP + ROW * len(BARS) + 44
    label = "Queries a second at recall 0.95 over those of hnswlib: " + ", ".join(
        f"{name} {values[line]:.2g}" for line, name in BARS
    )
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
            f'aria-label="{label}">'
        ),
        f"<style>\n{STYLE}\n</style>",
        f'<rect width="{WIDTH}" height="{height}" rx="6" class="page"/>',
        '<text x="14" y="28" class="title">Queries/s at recall@10 = 0.95, hnswlib = 1</text>',
        (
            '<text x="14" y="48" class="note">30,851 paragraphs, 384 dimensions, l2, one thread, '
            "all queries in one call where possible</text>"
        ),
    ]
    for i, (line, name) in enumerate(BARS):
        y = TOP + ROW * i
        length = max(1, round(values[line] * SCALE))
        kind = "vdb" if "vdb" in line else "bar"
        parts += [
            f'<text x="{LEFT - 10}" y="{y + 14}" text-anchor="end">{name}</text>',
            f'<rect x="{LEFT}" y="{y + 2}" width="{length}" height="16" rx="2" class="{kind}"/>',
            f'<text x="{LEFT + length + 8}" y="{y + 14}">{values[line]:.2f}</text>'
            if values[line] >= 0.01
            else f'<text x="{LEFT + length + 8}" y="{y + 14}">{values[line]:.3f}</text>',
        ]
    bottom = TOP + ROW * len(BARS)
    one = LEFT + SCALE
    parts += [
        f'<path d="M{one} {TOP - 4}V{bottom}" class="line"/>',
        (
            f'<text x="14" y="{bottom + 22}" class="note">vdb and the last four keep data on '
            "disk; hnswlib, faiss, VSAG and usearch are libraries in memory.</text>"
        ),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def main() -> None:
    """Writes the picture, or compares it."""
    fresh = picture()
    if sys.argv[1:] != ["--check"]:
        PICTURE.write_text(fresh, encoding="utf-8", newline="\n")
    elif not PICTURE.is_file() or PICTURE.read_text(encoding="utf-8") != fresh:
        sys.exit(f"{PICTURE.name} is stale: run python tools/write_field_chart.py")


if __name__ == "__main__":
    main()
