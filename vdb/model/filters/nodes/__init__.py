"""The tree of a filter: conditions on one field each, and what joins them.

Nodes are frozen and checked when they are made, so a filter that exists can be used. They are made
by `parse` from dicts and by expressions of `F`.
"""

from vdb.model.filters.nodes.comparisons import (
    Comparison,
    Contains,
    ContainsFolded,
    Empty,
    Eq,
    Exists,
    Gt,
    Gte,
    IsNull,
    Lt,
    Lte,
    Ne,
    Prefix,
    Presence,
    Size,
    TextCondition,
)
from vdb.model.filters.nodes.condition import Condition
from vdb.model.filters.nodes.memberships import (
    MOST_IDS,
    MOST_VALUES,
    MOST_VALUES_IN_ALL,
    All,
    Any_,
    In,
    Membership,
    NotIn,
)
from vdb.model.filters.tree import DEEPEST, MOST_NODES, And, Filter, Joint, Not, Or

__all__ = [
    "DEEPEST",
    "MOST_IDS",
    "MOST_NODES",
    "MOST_VALUES",
    "MOST_VALUES_IN_ALL",
    "All",
    "And",
    "Any_",
    "Comparison",
    "Condition",
    "Contains",
    "ContainsFolded",
    "Empty",
    "Eq",
    "Exists",
    "Filter",
    "Gt",
    "Gte",
    "In",
    "IsNull",
    "Joint",
    "Lt",
    "Lte",
    "Membership",
    "Ne",
    "Not",
    "NotIn",
    "Or",
    "Prefix",
    "Presence",
    "Size",
    "TextCondition",
]
