// Union-find: sets of numbers that are united two by two.
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

namespace vdb {

class UnionFind {
 public:
  // `count` sets of one number each.
  explicit UnionFind(size_t count) : parent_(count) {
    std::iota(parent_.begin(), parent_.end(), 0u);
  }

  bool same(uint32_t a, uint32_t b) { return find(a) == find(b); }
  void unite(uint32_t a, uint32_t b) { parent_[find(a)] = find(b); }

 private:
  uint32_t find(uint32_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }

  std::vector<uint32_t> parent_;
};

}  // namespace vdb
