"""What VectorDBBench is told of vdb: where the database is, and the index."""

from pydantic import BaseModel

from ..api import DBCaseConfig, DBConfig, MetricType

METRICS = {
    MetricType.L2: "l2",
    MetricType.IP: "ip",
    MetricType.DP: "ip",
    MetricType.COSINE: "cosine",
}


class VdbConfig(DBConfig):
    """The database.

    Attributes:
        path: Its directory.
        durability: "full" or "relaxed", as `vdb.open` takes it.
    """

    path: str
    durability: str = "full"

    def to_dict(self) -> dict:
        return {"path": self.path, "durability": self.durability}


class VdbIndexConfig(BaseModel, DBCaseConfig):
    """The graph, and how wide searches look.

    Attributes:
        metric_type: Set by the case.
        M: Links of a node.
        ef_construction: Candidates while the graph is built.
        codes: "int8" or "int4" for a walk over codes; None for the vectors themselves.
        ef: Candidates of a search; never fewer than the neighbours that are asked for.
    """

    metric_type: MetricType | None = None
    M: int = 16
    ef_construction: int = 200
    codes: str | None = None
    ef: int = 100

    def parse_metric(self) -> str:
        """The metric of the collection."""
        metric = self.metric_type or MetricType.COSINE
        if metric not in METRICS:
            raise ValueError(f"vdb has no metric {metric}; it has {', '.join(METRICS)}")
        return METRICS[metric]

    def index_param(self) -> dict:
        return {"M": self.M, "ef_construction": self.ef_construction, "codes": self.codes}

    def search_param(self) -> dict:
        return {"ef": self.ef}
