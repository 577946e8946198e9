// The hits of several indexes, each over its own records, as those of one.
//
// The k nearest of a query are those with the best values; equal values go by id, ints by number
// and texts by their bytes. These are then put in the order of hits: by score in the convention's
// direction, by value, by id. NaN is last, as a value and as a score. Not by score from the
// beginning: conventions that clamp or round make unequal values equal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace vdb {

// The hits of one index for all queries, one query after the other: `rows` of them. `counts` says
// how many each query has. Ids are numbers or texts, scores of one precision or the other: one
// pointer of each pair is null.
struct MergeColumns {
  size_t rows = 0;
  const int64_t* numbers = nullptr;
  const std::string_view* texts = nullptr;
  const double* values = nullptr;
  const float* scores32 = nullptr;
  const double* scores64 = nullptr;
  const int64_t* counts = nullptr;
};

struct MergeOrder {
  bool higher_values;  // whether a higher value is nearer
  bool higher_scores;
  size_t most;    // hits of a query that are chosen; SIZE_MAX for all
  size_t offset;  // so many of the best of these are left out
};

// Hits by their rows in all columns, one index after the other.
struct Merged {
  std::vector<int64_t> rows;
  std::vector<int64_t> starts;  // those of query i lie in rows[starts[i]:starts[i + 1]]
};

// Throws std::invalid_argument where the counts of an index do not add up to its rows, or where
// indexes differ in the kind of their ids or the precision of their scores. An index without rows
// may be of any kind.
Merged merge(const std::vector<MergeColumns>& indexes, size_t queries, const MergeOrder& order);

}  // namespace vdb
