#!/usr/bin/env bash
# One would guess: deleting by a term of a field deletes the documents that a query for that term finds, whatever the
# type of the field.
# What happens: with a field of unsigned integers nothing is deleted, and nothing is said. Integers and texts work.
# tantivy 0.27.0 (the Python binding); seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tantivy==0.27.0
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

import tantivy

print("tantivy", version("tantivy"))
left = {}
for kind in ("unsigned", "integer"):
    builder = tantivy.SchemaBuilder()
    getattr(builder, f"add_{kind}_field")("id", stored=True, indexed=True)
    index = tantivy.Index(builder.build())
    writer = index.writer(15_000_000, 1)
    for number in range(3):
        document = tantivy.Document()
        getattr(document, f"add_{kind}")("id", number)
        writer.add_document(document)
    writer.commit()
    index.reload()
    found = index.searcher().search(index.parse_query("id:1"), 10).count
    writer.delete_documents_by_term("id", 1)
    writer.commit()
    index.reload()
    left[kind] = index.searcher().num_docs
    print(f"{kind}: a query for 1 finds {found}; left of 3 after deleting 1: {left[kind]}, expected 2")
assert left == {"unsigned": 3, "integer": 2}
PY
