// A small collection with a graph, as a database would have it: a header's facts, and blocks.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "blocks.h"
#include "index.h"
#include "writer.h"

namespace vdb::harness {

struct Kind {
  const char* name;
  const char* metric;
  DType dtype;
  uint32_t dim;
  uint32_t M;
  CodeKind codes;
  uint32_t vectors;   // linked, before some are removed
  uint32_t twins;     // of them equal to another
  uint32_t removed;   // again
  uint32_t deferred;  // stored behind them without links
};

const std::vector<Kind>& kinds();

// Numbers that follow from a seed (SplitMix64).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next();
  uint32_t below(uint32_t n) { return static_cast<uint32_t>(next() % n); }
  float normal();  // roughly

 private:
  uint64_t state_;
};

// `count` sound vectors (or queries) of a kind, one after the other.
std::vector<uint8_t> rows_of(const Kind& kind, uint32_t count, Random& random);
std::vector<uint8_t> queries_of(const Kind& kind, uint32_t count, Random& random);

struct Collection {
  Kind kind{};
  IndexState state{Metric::kL2, {DType::kFloat32, 1}, 2, 1, 0, 0, kNone, {}};
  uint32_t free_head = kNone, free_count = 0;
  size_t nodes = 0;
  std::vector<uint32_t> live;  // slots in use
  Blocks blocks;

  // For copies of blocks; none where there is no memory.
  std::shared_ptr<ResidentMemory> memory;
  std::map<std::string, std::vector<uint32_t>> rewritten;  // by the last commit, by prefix

  // The index over its blocks, as if it was opened; with the one before the last commit, as it goes
  // on from there. Throws what Index throws.
  std::shared_ptr<Index> open(const Index* older = nullptr) const;
  // Stores what a writer has changed, as the next commit.
  void commit(Writer& writer);
  // Key of the block that a row lies in, and where in it the row begins.
  struct Place {
    std::string key;
    size_t offset;
    size_t row_size;
  };
  Place vector(uint32_t slot) const;
  Place norm(uint32_t slot) const;
  Place code(uint32_t slot) const;  // REQUIRES codes
  Place links(uint32_t level, uint32_t slot) const;
};

// The tables of a collection with nothing in it.
Collection empty(const Kind& kind);
// A sound one, full.
Collection make(const Kind& kind, uint64_t seed);

}  // namespace vdb::harness
