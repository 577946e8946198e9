// Distances between any two of what a graph is built over: vectors, or their codes.
#pragma once

#include <cstdint>

#include "blocks/codes.h"
#include "blocks/vectors.h"
#include "distance/code_distance.h"
#include "distance/metric.h"
#include "memory/prefetch.h"

namespace vdb {

// Compares what it aims at, the owner of a list, with others. Threads: one each.
class Comparer {
 public:
  virtual ~Comparer() = default;
  virtual Item at(uint32_t slot) const = 0;
  virtual void ask(uint32_t slot) const = 0;  // the processor for it, before it is needed
  virtual void aim(const Item& from) = 0;
  virtual float one(const Item& to) = 0;
  virtual void four(const Item* to, float* out) = 0;
};

class VectorComparer final : public Comparer {
 public:
  VectorComparer(const Vectors& vectors, const Distance& distance)
      : vectors_(vectors), distance_(distance) {}
  Item at(uint32_t slot) const override { return vectors_.at(slot); }
  void ask(uint32_t slot) const override { vectors_.prefetch(vectors_.locate(slot).row); }
  void aim(const Item& from) override { from_ = from; }
  float one(const Item& to) override { return distance_.one(from_, to); }
  void four(const Item* to, float* out) override { distance_.four(from_, to, out); }

 private:
  const Vectors& vectors_;
  Distance distance_;
  Item from_{nullptr, 0};
};

// Its items are rows of codes; their norms stand in the rows.
class CodeComparer final : public Comparer {
 public:
  CodeComparer(const Codes& codes, CodeDistance distance) : codes_(codes), distance_(distance) {}
  Item at(uint32_t slot) const override { return {codes_.at(slot), 0}; }
  void ask(uint32_t slot) const override {
    prefetch_bytes(codes_.at(slot), codes_.shape().row_bytes());
  }
  void aim(const Item& from) override { from_.set(codes_.shape(), from.row); }
  float one(const Item& to) override {
    float out;
    compare(&to.row, 1, &out);
    return out;
  }
  void four(const Item* to, float* out) override {
    const uint8_t* const rows[4] = {to[0].row, to[1].row, to[2].row, to[3].row};
    compare(rows, 4, out);
  }

 private:
  void compare(const uint8_t* const* rows, size_t count, float* out) const {
    int32_t sums[4];
    codes_.sums(from_, rows, count, sums);
    distance_.of(from_, rows, sums, count, out);
  }
  const Codes& codes_;
  CodeDistance distance_;
  CodeQuery from_;
};

}  // namespace vdb
