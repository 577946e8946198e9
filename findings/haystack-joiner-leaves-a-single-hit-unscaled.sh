#!/usr/bin/env bash
# One would guess: distribution-based fusion brings the scores of all retrievers to one scale before it compares them.
# What happens: a list of one document, or of equal scores, keeps its raw scores. One BM25 hit of 12.5 stays 12.5 beside
# scaled scores between 0 and 1 and is first whatever the others are; one similarity of 0.02 stays 0.02 and is last.
# haystack-ai 3.4.1 (components/joiners/document_joiner.py, _distribution_based_rank_fusion); seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check haystack-ai==3.4.1
cd "$folder"
HAYSTACK_TELEMETRY_ENABLED=False "$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

from haystack import Document
from haystack.components.joiners import DocumentJoiner

print("haystack-ai", version("haystack-ai"))
joiner = DocumentJoiner("distribution_based_rank_fusion")


def fused(*lists):
    documents = [[Document(id=one, score=score) for one, score in each] for each in lists]
    return [(one.id, one.score) for one in joiner.run(documents)["documents"]]


vectors = [("near", 0.95), ("middle", 0.9), ("far", 0.2)]
words, similarity = fused([("word", 12.5)], vectors), fused([("other", 0.02)], vectors)
print("one BM25 hit:", words)
print("one similarity:", similarity)
assert words[0] == ("word", 12.5) and words[1][1] < 1
assert similarity[-1] == ("other", 0.02)
PY
