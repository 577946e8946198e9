#include "search/merge.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <string>

#include "bindings/arrays.h"
#include "bindings/bind.h"
#include "bindings/gil.h"

namespace vdb::bindings {

using namespace nb::literals;

namespace {

using Doubles = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Numbers = nb::ndarray<const int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Scores = nb::ndarray<nb::ro, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Columns = std::tuple<nb::object, Doubles, Scores, Numbers>;

// The ids of one index. A tuple holds its strs, so that their bytes stay where they are.
struct HeldIds {
  std::optional<Numbers> numbers;
  nb::tuple strs;
  std::vector<std::string_view> texts;
};

std::string named(const char* column, size_t index) {
  return std::string(column) + "[" + std::to_string(index) + "]";
}

HeldIds held_ids(const nb::object& ids, size_t index) {
  HeldIds held;
  Numbers numbers;
  if (nb::try_cast(ids, numbers, false)) {
    held.numbers = numbers;
    return held;
  }
  if (!nb::isinstance<nb::list>(ids) && !nb::isinstance<nb::tuple>(ids))
    throw std::invalid_argument(named("ids", index) + ": an array of int64, or a list of strs");
  held.strs = nb::tuple(ids);
  held.texts.reserve(held.strs.size());
  for (const nb::handle one : held.strs) {
    if (!PyUnicode_Check(one.ptr()))
      throw std::invalid_argument(named("ids", index) + ": not a str in a list of strs");
    Py_ssize_t size = 0;
    const char* const bytes = PyUnicode_AsUTF8AndSize(one.ptr(), &size);
    if (!bytes) throw nb::python_error();
    held.texts.emplace_back(bytes, static_cast<size_t>(size));
  }
  return held;
}

std::tuple<Output<int64_t, 1>, Output<int64_t, 1>> merge_hits(const std::vector<Columns>& shards,
                                                              size_t queries,
                                                              std::optional<size_t> most,
                                                              size_t offset, bool higher_values,
                                                              bool higher_scores) {
  std::vector<HeldIds> held;
  std::vector<MergeColumns> indexes;
  held.reserve(shards.size());
  for (size_t i = 0; i < shards.size(); ++i) {
    const auto& [ids, values, scores, counts] = shards[i];
    held.push_back(held_ids(ids, i));
    MergeColumns columns;
    columns.rows = values.shape(0);
    const HeldIds& own = held.back();
    columns.numbers = own.numbers ? own.numbers->data() : nullptr;
    columns.texts = own.numbers ? nullptr : own.texts.data();
    if ((own.numbers ? own.numbers->shape(0) : own.texts.size()) != columns.rows)
      throw std::invalid_argument(named("ids", i) + ": as many as values");
    if (scores.shape(0) != columns.rows)
      throw std::invalid_argument(named("scores", i) + ": as many as values");
    if (counts.shape(0) != queries)
      throw std::invalid_argument(named("counts", i) + ": one for each query");
    columns.values = values.data();
    columns.counts = counts.data();
    if (scores.dtype() == nb::dtype<float>())
      columns.scores32 = static_cast<const float*>(scores.data());
    else if (scores.dtype() == nb::dtype<double>())
      columns.scores64 = static_cast<const double*>(scores.data());
    else
      throw std::invalid_argument(named("scores", i) + ": float32 or float64");
    indexes.push_back(columns);
  }
  const MergeOrder order{higher_values, higher_scores, most.value_or(SIZE_MAX), offset};
  Merged merged;
  {
    const Unlocked unlocked;
    merged = merge(indexes, queries, order);
  }
  int64_t *rows, *starts;
  auto row_array = make_array<int64_t, 1>({merged.rows.size()}, &rows);
  auto start_array = make_array<int64_t, 1>({merged.starts.size()}, &starts);
  std::copy(merged.rows.begin(), merged.rows.end(), rows);
  std::copy(merged.starts.begin(), merged.starts.end(), starts);
  return std::make_tuple(row_array, start_array);
}

}  // namespace

void bind_merge(nb::module_& m) {
  m.def("merge_hits", &merge_hits, "shards"_a, "queries"_a, "most"_a.none(), "offset"_a,
        "higher_values"_a, "higher_scores"_a,
        nb::sig("def merge_hits(shards: Sequence[tuple[NDArray[numpy.int64] | Sequence[object], "
                "NDArray[numpy.float64], NDArray[numpy.generic], NDArray[numpy.int64]]], "
                "queries: int, most: int | None, offset: int, higher_values: bool, "
                "higher_scores: bool) -> tuple[NDArray[numpy.int64], NDArray[numpy.int64]]"),
        "(rows i64, starts i64 (queries + 1,)): the `most` nearest of each query among the hits of "
        "several shards, by value and id, in the order of hits, without the first `offset`. A "
        "shard is (ids, values, scores, counts (queries,)): its hits, one query after the other. "
        "Rows count through the columns of one shard after the other.");
}

}  // namespace vdb::bindings
