#include "search/merge.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace vdb {

namespace {

// A hit as it is compared: numbers with their signs turned so that smaller is better.
struct Candidate {
  double value;
  double score;
  size_t index;
  size_t row;  // among those of its index
};

// -1, 0 or 1: a before b, equal, a behind b. NaN is behind everything else, and equal to NaN.
int compare(double a, double b) {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a == b) return 0;
  const bool a_nan = a != a, b_nan = b != b;
  return static_cast<int>(a_nan) - static_cast<int>(b_nan);
}

class Ids {
 public:
  explicit Ids(const std::vector<MergeColumns>& indexes) : indexes_(indexes) {}

  bool before(const Candidate& a, const Candidate& b) const {
    const MergeColumns& first = indexes_[a.index];
    const MergeColumns& second = indexes_[b.index];
    if (first.numbers) return first.numbers[a.row] < second.numbers[b.row];
    return first.texts[a.row] < second.texts[b.row];  // by bytes, as unsigned ones
  }

 private:
  const std::vector<MergeColumns>& indexes_;
};

struct Nearer {
  const Ids& ids;
  bool operator()(const Candidate& a, const Candidate& b) const {
    const int values = compare(a.value, b.value);
    return values != 0 ? values < 0 : ids.before(a, b);
  }
};

struct Better {
  const Ids& ids;
  bool operator()(const Candidate& a, const Candidate& b) const {
    const int scores = compare(a.score, b.score);
    return scores != 0 ? scores < 0 : Nearer{ids}(a, b);
  }
};

void check(const std::vector<MergeColumns>& indexes, size_t queries) {
  const MergeColumns* first = nullptr;
  for (size_t i = 0; i < indexes.size(); ++i) {
    const MergeColumns& columns = indexes[i];
    const std::string name = "counts[" + std::to_string(i) + "]";
    size_t left = columns.rows;
    for (size_t query = 0; query < queries; ++query) {
      const int64_t count = columns.counts[query];
      if (count < 0 || static_cast<uint64_t>(count) > left)
        throw std::invalid_argument(name + ": must add up to the rows of the index");
      left -= static_cast<size_t>(count);
    }
    if (left != 0) throw std::invalid_argument(name + ": must add up to the rows of the index");
    if (columns.rows == 0) continue;
    if (!first) first = &columns;
    if ((first->numbers == nullptr) != (columns.numbers == nullptr))
      throw std::invalid_argument("ids: of one kind in all indexes");
    if ((first->scores32 == nullptr) != (columns.scores32 == nullptr))
      throw std::invalid_argument("scores: of one precision in all indexes");
  }
}

}  // namespace

Merged merge(const std::vector<MergeColumns>& indexes, size_t queries, const MergeOrder& order) {
  check(indexes, queries);
  const Ids ids(indexes);
  const double value_sign = order.higher_values ? -1.0 : 1.0;
  const double score_sign = order.higher_scores ? -1.0 : 1.0;
  std::vector<size_t> next(indexes.size(), 0), base(indexes.size(), 0);
  for (size_t i = 1; i < indexes.size(); ++i) base[i] = base[i - 1] + indexes[i - 1].rows;

  Merged merged;
  merged.starts.reserve(queries + 1);
  merged.starts.push_back(0);
  std::vector<Candidate> candidates;
  for (size_t query = 0; query < queries; ++query) {
    candidates.clear();
    for (size_t i = 0; i < indexes.size(); ++i) {
      const MergeColumns& columns = indexes[i];
      const size_t end = next[i] + static_cast<size_t>(columns.counts[query]);
      for (size_t row = next[i]; row < end; ++row) {
        const double score = columns.scores32 ? columns.scores32[row] : columns.scores64[row];
        candidates.push_back({value_sign * columns.values[row], score_sign * score, i, row});
      }
      next[i] = end;
    }
    if (order.most < candidates.size()) {
      const auto cut = candidates.begin() + static_cast<std::ptrdiff_t>(order.most);
      std::nth_element(candidates.begin(), cut, candidates.end(), Nearer{ids});
      candidates.erase(cut, candidates.end());
    }
    std::sort(candidates.begin(), candidates.end(), Better{ids});
    for (size_t place = order.offset; place < candidates.size(); ++place) {
      const Candidate& hit = candidates[place];
      merged.rows.push_back(static_cast<int64_t>(base[hit.index] + hit.row));
    }
    merged.starts.push_back(static_cast<int64_t>(merged.rows.size()));
  }
  return merged;
}

}  // namespace vdb
