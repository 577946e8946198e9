"""The client: a database in a directory, which every process opens for itself."""

from contextlib import contextmanager

import numpy as np

import vdb
from vectordb_bench.backend.filter import Filter, FilterOp

from ..api import VectorDB
from .config import VdbIndexConfig


class Vdb(VectorDB):
    """One collection, whose ids are those of the data set.

    The object holds no database until `init`: it is pickled into the processes that search.
    """

    name = "Vdb"
    thread_safe = True
    supported_filter_types = [FilterOp.NonFilter, FilterOp.NumGE, FilterOp.StrEqual]

    def __init__(
        self,
        dim: int,
        db_config: dict,
        db_case_config: VdbIndexConfig,
        collection_name: str = "vectors",
        drop_old: bool = False,
        with_scalar_labels: bool = False,
        **kwargs,
    ):
        self._open_options = dict(db_config)
        self._name = collection_name
        self._ef = db_case_config.search_param()["ef"]
        self._with_labels = with_scalar_labels
        self._where = None
        self._database = self._collection = None
        with vdb.open(**self._open_options) as database:
            if drop_old and self._name in database:
                database.drop_collection(self._name)
            database.create_collection(
                self._name,
                dim=dim,
                metric=db_case_config.parse_metric(),
                index=vdb.HNSW(**db_case_config.index_param()),
                fields={"label": "keyword"} if with_scalar_labels else None,
                exist_ok=True,
            )

    def __getstate__(self) -> dict:
        return self.__dict__ | {"_database": None, "_collection": None}

    @contextmanager
    def init(self):
        """Open the database, in this process."""
        with vdb.open(**self._open_options) as self._database:
            self._collection = self._database.collection(self._name)
            yield
        self._database = self._collection = None

    def need_normalize_cosine(self) -> bool:
        """No: the metric cosine takes vectors of any length."""
        return False

    def insert_embeddings(
        self,
        embeddings: list[list[float]],
        metadata: list[int],
        labels_data: list[str] | None = None,
        **kwargs,
    ) -> tuple[int, Exception | None]:
        """Add a batch in one commit; what was added, and the error if there is one."""
        payloads = [{"label": one} for one in labels_data] if self._with_labels else None
        try:
            self._collection.add(list(metadata), np.asarray(embeddings, np.float32), payloads)
        except vdb.VdbError as error:
            return 0, error
        return len(metadata), None

    def optimize(self, data_size: int | None = None):
        """Nothing: a vector is linked into the graph when it is added."""

    def prepare_filter(self, filters: Filter):
        """The filter of the searches that follow."""
        if filters.type == FilterOp.NumGE:
            self._where = {"$id": {"$gte": filters.int_value}}
        elif filters.type == FilterOp.StrEqual:
            self._where = {"label": filters.label_value}
        else:
            self._where = None

    def search_embedding(self, query: list[float], k: int = 100, **kwargs) -> list[int]:
        """Ids of the k nearest that pass the filter."""
        hits = self._collection.search(
            query, k, ef=max(self._ef, k), where=self._where, with_payloads=False
        )
        return hits.ids.tolist()
