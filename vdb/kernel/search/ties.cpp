#include "search/ties.h"

#include <string>
#include <utility>

#include "blocks/sequential_reader.h"
#include "distance/exact_value.h"
#include "distance/lower_bound.h"
#include "runtime/cancellation.h"
#include "runtime/errors.h"
#include "runtime/parallel.h"

namespace vdb {
namespace {

// One query, and the slots of one value so far. Rows are compared four at a time.
class TieCollector {
 public:
  TieCollector(Metric metric, const RowShape& shape, const uint8_t* query, double value)
      : exact_(metric, shape, query),
        bound_(metric, shape, query),
        value_(value),
        ordered_(exact_.ordered(value)) {}
  void offer(uint32_t slot, const Item& item) {
    slots_[held_] = slot;
    items_[held_] = item;
    if (++held_ == 4) compare();
  }
  std::vector<uint32_t> take() {
    compare();
    return std::move(tied_);
  }

 private:
  void compare() {
    if (held_ == 0) return;
    for (uint32_t i = held_; i < 4; ++i) items_[i] = items_[0];
    bool possible[4];
    bound_.possible(items_, ordered_, possible);
    for (uint32_t i = 0; i < held_; ++i)
      if (possible[i] && exact_(items_[i].row) == value_) tied_.push_back(slots_[i]);
    held_ = 0;
  }

  ExactValue exact_;
  LowerBound bound_;
  double value_, ordered_;
  std::vector<uint32_t> tied_;
  uint32_t slots_[4], held_ = 0;
  Item items_[4];
};

}  // namespace

std::vector<std::vector<uint32_t>> ties(const Vectors& vectors, Metric metric,
                                        const uint8_t* queries, const double* values,
                                        uint32_t count, const FilterSet* filter, uint32_t threads) {
  std::vector<std::vector<uint32_t>> results(count);
  const std::vector<uint32_t> passing =
      filter == nullptr ? std::vector<uint32_t>{} : filter->slots();
  parallel_for(count, threads, 1, [&](uint32_t i, uint32_t) {
    TieCollector ties(metric, vectors.shape(), queries + i * vectors.shape().query_bytes(),
                      values[i]);
    SequentialReader rows(vectors);
    if (filter == nullptr) {
      for (uint32_t slot = 0; slot < vectors.slots(); ++slot) {
        check_cancelled_every<256>(slot);
        const Item item = rows.at(slot);
        if (item.norm >= 0) ties.offer(slot, item);
      }
    } else {
      for (size_t at = 0; at < passing.size(); ++at) {
        check_cancelled_every<256>(at);
        const uint32_t slot = passing[at];
        const Item item = rows.at(slot);
        if (item.norm < 0) throw Corrupted("slot " + std::to_string(slot) + " holds no vector");
        ties.offer(slot, item);
      }
    }
    results[i] = ties.take();
  });
  return results;
}

}  // namespace vdb
