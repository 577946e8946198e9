// Distances between any two stored vectors, or their codes, by which links are selected.
#pragma once

#include <cstdint>

#include "blocks/codes.h"
#include "blocks/vectors.h"
#include "distance/code_distance.h"
#include "distance/distance.h"
#include "memory/prefetch.h"

namespace vdb {

// Items are compared with the one set last, the owner of a list. Threads: one each.
class PairDistance {
 public:
  virtual ~PairDistance() = default;
  virtual Item at(uint32_t slot) const = 0;
  virtual void prefetch(uint32_t slot) const = 0;
  virtual void set_from(const Item& from) = 0;
  virtual float one(const Item& to) = 0;
  virtual void four(const Item* to, float* out) = 0;
};

class VectorPairDistance final : public PairDistance {
 public:
  VectorPairDistance(const Vectors& vectors, const Distance& distance)
      : vectors_(vectors), distance_(distance) {}
  Item at(uint32_t slot) const override { return vectors_.at(slot); }
  void prefetch(uint32_t slot) const override { vectors_.prefetch(vectors_.locate(slot).row); }
  void set_from(const Item& from) override { from_ = from; }
  float one(const Item& to) override { return distance_.one(from_, to); }
  void four(const Item* to, float* out) override { distance_.four(from_, to, out); }

 private:
  const Vectors& vectors_;
  Distance distance_;
  Item from_{nullptr, 0};
};

// Its items are rows of codes; their norms stand in the rows.
class CodePairDistance final : public PairDistance {
 public:
  CodePairDistance(const Codes& codes, CodeDistance distance)
      : codes_(codes), distance_(distance) {}
  Item at(uint32_t slot) const override { return {codes_.at(slot), 0}; }
  void prefetch(uint32_t slot) const override {
    prefetch_bytes(codes_.at(slot), codes_.row_bytes());
  }
  void set_from(const Item& from) override { from_.set(codes_.shape(), from.row); }
  float one(const Item& to) override {
    float out;
    compute(&to.row, 1, &out);
    return out;
  }
  void four(const Item* to, float* out) override {
    const uint8_t* const rows[4] = {to[0].row, to[1].row, to[2].row, to[3].row};
    compute(rows, 4, out);
  }

 private:
  void compute(const uint8_t* const* rows, size_t count, float* out) const {
    int32_t sums[4];
    codes_.sums(from_, rows, count, sums);
    distance_.of(from_, rows, sums, count, out);
  }
  const Codes& codes_;
  CodeDistance distance_;
  CodeQuery from_;
};

}  // namespace vdb
