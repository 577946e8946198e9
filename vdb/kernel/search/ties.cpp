#include "search/ties.h"

#include <string>

#include "blocks/sequential_reader.h"
#include "distance/lower_bound.h"
#include "runtime/cancellation.h"
#include "runtime/errors.h"
#include "runtime/parallel.h"

namespace vdb {
namespace {

// One query, and the rows of one value so far. Rows are looked at four at a time.
class Tied {
 public:
  Tied(Metric metric, const RowShape& shape, const uint8_t* query, double value)
      : exact_(metric, shape, query),
        screen_(metric, shape, query),
        value_(value),
        ordered_(exact_.ordered(value)) {}
  void offer(uint32_t slot, const Item& item) {
    slots_[held_] = slot;
    items_[held_] = item;
    if (++held_ == 4) look();
  }
  std::vector<uint32_t> take() {
    look();
    return std::move(found_);
  }

 private:
  void look() {
    if (held_ == 0) return;
    for (uint32_t i = held_; i < 4; ++i) items_[i] = items_[0];
    bool near[4];
    screen_.look(items_, ordered_, near);
    for (uint32_t i = 0; i < held_; ++i)
      if (near[i] && exact_(items_[i].row) == value_) found_.push_back(slots_[i]);
    held_ = 0;
  }

  ExactValue exact_;
  Screen screen_;
  double value_, ordered_;
  std::vector<uint32_t> found_;
  uint32_t slots_[4], held_ = 0;
  Item items_[4];
};

}  // namespace

std::vector<std::vector<uint32_t>> ties(const Vectors& vectors, Metric metric,
                                        const uint8_t* queries, const double* values,
                                        uint32_t count, const Allowed* allowed, uint32_t threads) {
  std::vector<std::vector<uint32_t>> results(count);
  const std::vector<uint32_t> some =
      allowed == nullptr ? std::vector<uint32_t>{} : allowed->slots();
  parallel_for(count, threads, 1, [&](uint32_t i, uint32_t) {
    Tied tied(metric, vectors.shape(), queries + i * vectors.shape().query_bytes(), values[i]);
    InOrder rows(vectors);
    if (allowed == nullptr) {
      for (uint32_t slot = 0; slot < vectors.slots(); ++slot) {
        attend_at<256>(slot);
        const Item item = rows.at(slot);
        if (item.norm >= 0) tied.offer(slot, item);
      }
    } else {
      for (size_t at = 0; at < some.size(); ++at) {
        attend_at<256>(at);
        const uint32_t slot = some[at];
        const Item item = rows.at(slot);
        if (item.norm < 0) throw Corrupted("slot " + std::to_string(slot) + " holds no vector");
        tied.offer(slot, item);
      }
    }
    results[i] = tied.take();
  });
  return results;
}

}  // namespace vdb
