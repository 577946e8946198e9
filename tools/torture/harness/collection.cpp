#include "collection.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "simd/float16.h"

namespace vdb::harness {
namespace {

// Smaller than a database has them, so that there are many, and many ends of blocks.
constexpr uint32_t kLinkBlock = 1040, kRowBlock = 2064;

BlockShape shape_of(const char* prefix, uint8_t kind, uint8_t level, uint32_t block, uint32_t row,
                    uint64_t span) {
  BlockShape shape;
  shape.prefix = prefix + std::to_string(level);
  shape.salt = kSalt;
  shape.collection = 1;
  shape.generation = 1;
  shape.kind = kind;
  shape.level = level;
  shape.block_size = block;
  shape.row_size = row;
  shape.span = span;
  return shape;
}

RowShape row_shape(const Kind& kind) { return {kind.dtype, kind.dim}; }

BlockShape vectors_of(const Kind& kind) {
  const auto row = static_cast<uint32_t>((row_shape(kind).row_bytes() + 15) / 16 * 16);
  return shape_of("vectors", kVectors, 0, kRowBlock, row, 1);
}

BlockShape codes_of(const Kind& kind, Metric metric) {
  const auto row = static_cast<uint32_t>(code_shape(kind.codes, metric, kind.dim).row_bytes());
  return shape_of("codes", kCodes, 0, kRowBlock, row, 1);
}

BlockShape links_of(const Kind& kind, uint32_t level) {
  uint64_t span = 1;
  for (uint32_t i = 0; i < level; ++i) span *= kind.M;
  return shape_of("links", kLinks, static_cast<uint8_t>(level), kLinkBlock,
                  Graph::row_size(kind.M, level), span);
}

Collection::Place place_in(const BlockShape& shape, uint32_t row) {
  const BlockTable table(shape, 0);
  const BlockTable::Place place = table.place(row);
  return {table.key(place.block), kHeaderSize + size_t{place.row} * shape.row_size, shape.row_size};
}

void number(const Kind& kind, uint8_t* at, size_t i, float value, bool query) {
  if (kind.dtype == DType::kFloat32 || (kind.dtype == DType::kFloat16 && query)) {
    std::memcpy(at + 4 * i, &value, 4);
  } else if (kind.dtype == DType::kFloat16) {
    // Close enough: the upper bits of a number between 2^-14 and 2^16.
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    const uint32_t exponent = bits >> 23 & 0xFF;
    const uint16_t half =
        exponent < 113 ? 0
                       : static_cast<uint16_t>((bits >> 16 & 0x8000) | (exponent - 112) << 10 |
                                               (bits >> 13 & 0x3FF));
    std::memcpy(at + 2 * i, &half, 2);
  } else {
    at[i] = static_cast<uint8_t>(static_cast<int8_t>(std::clamp(value * 40, -127.0f, 127.0f)));
  }
}

std::vector<uint8_t> make_rows(const Kind& kind, uint32_t count, Random& random, bool query) {
  const RowShape shape = row_shape(kind);
  const size_t bytes = query ? shape.query_bytes() : shape.row_bytes();
  std::vector<uint8_t> rows(count * bytes);
  for (uint32_t r = 0; r < count; ++r) {
    std::vector<float> x(kind.dim);
    double norm2 = 0;
    for (float& one : x) one = random.normal(), norm2 += double{one} * one;
    // `dot` promises vectors of length 1.
    const bool unit = std::string(kind.metric) == "dot";
    for (float& one : x)
      if (unit) one = static_cast<float>(one / std::sqrt(norm2));
    for (size_t i = 0; i < shape.length(); ++i)
      if (kind.dtype == DType::kBit)
        rows[r * bytes + i] = static_cast<uint8_t>(random.next());
      else
        number(kind, rows.data() + r * bytes, i, x[i], query);
  }
  return rows;
}

}  // namespace

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {"l2", "l2", DType::kFloat32, 8, 4, CodeKind::kNoCodes, 220, 20, 12, 5},
      {"ip", "ip", DType::kFloat32, 8, 3, CodeKind::kNoCodes, 180, 10, 10, 3},
      {"cosine", "cosine", DType::kFloat16, 9, 2, CodeKind::kNoCodes, 120, 12, 8, 0},
      {"l2-int8", "l2", DType::kFloat32, 12, 4, CodeKind::kInt8, 160, 16, 10, 4},
      {"ip-int4", "ip", DType::kFloat16, 33, 4, CodeKind::kInt4, 120, 8, 8, 4},
      {"dot-int4", "dot", DType::kFloat32, 16, 6, CodeKind::kInt4, 100, 0, 6, 2},
      {"ip8", "ip", DType::kInt8, 16, 4, CodeKind::kNoCodes, 140, 10, 10, 3},
      {"hamming", "hamming", DType::kBit, 24, 5, CodeKind::kNoCodes, 150, 30, 10, 3},
      {"l1", "l1", DType::kFloat32, 5, 16, CodeKind::kNoCodes, 90, 10, 4, 2},
  };
  return all;
}

uint64_t Random::next() {
  uint64_t z = state_ += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

float Random::normal() {
  float sum = -6;
  for (int i = 0; i < 12; ++i) sum += static_cast<float>(next() >> 40) * (1.0f / (1 << 24));
  return sum;
}

std::vector<uint8_t> rows_of(const Kind& kind, uint32_t count, Random& random) {
  return make_rows(kind, count, random, false);
}

std::vector<uint8_t> queries_of(const Kind& kind, uint32_t count, Random& random) {
  return make_rows(kind, count, random, true);
}

std::shared_ptr<Index> Collection::open(const Index* older) const {
  const auto table = [&](BlockShape shape) {
    if (older != nullptr)
      for (const BlockTable* const before : older->tables())
        if (before->shape().prefix == shape.prefix) {
          const auto list = rewritten.find(shape.prefix);
          const std::vector<uint32_t> none;
          const std::vector<uint32_t>& numbers = list == rewritten.end() ? none : list->second;
          return before->successor(numbers.data(), numbers.size(), state.slots);
        }
    return std::make_shared<BlockTable>(std::move(shape), state.slots, memory);
  };
  std::vector<std::shared_ptr<BlockTable>> links;
  for (uint32_t level = 0; level < Graph::level_limit(kind.M); ++level)
    links.push_back(table(links_of(kind, level)));
  std::shared_ptr<BlockTable> codes;
  if (kind.codes != CodeKind::kNoCodes) codes = table(codes_of(kind, state.metric));
  return std::make_shared<Index>(state, table(vectors_of(kind)), std::move(links),
                                 std::move(codes));
}

void Collection::commit(Writer& writer) {
  rewritten.clear();
  for (const Writer::Sealed& sealed : writer.seal(1)) {
    blocks.put(sealed.table->key(sealed.number), sealed.data, sealed.table->shape().block_size);
    rewritten[sealed.table->shape().prefix].push_back(sealed.number);
  }
  state = writer.index()->state();
  free_head = writer.free_head();
  free_count = writer.free_count();
}

Collection::Place Collection::vector(uint32_t slot) const {
  return place_in(vectors_of(kind), slot);
}

Collection::Place Collection::norm(uint32_t slot) const {
  const BlockTable table(vectors_of(kind), 0);
  const BlockTable::Place place = table.place(slot);
  return {table.key(place.block), table.norms_offset() + size_t{place.row} * kNormSize, kNormSize};
}

Collection::Place Collection::code(uint32_t slot) const {
  return place_in(codes_of(kind, state.metric), slot);
}

Collection::Place Collection::links(uint32_t level, uint32_t slot) const {
  const BlockShape shape = links_of(kind, level);
  return place_in(shape, static_cast<uint32_t>(slot / shape.span));
}

Collection empty(const Kind& kind) {
  Collection made;
  made.kind = kind;
  made.state.metric = metric_named(kind.metric, kind.dtype);
  made.state.shape = row_shape(kind);
  made.state.M = kind.M;
  made.state.ef_construction = 24;
  made.state.seed = 7;
  made.state.codes = kind.codes;
  return made;
}

Collection make(const Kind& kind, uint64_t seed) {
  Collection made = empty(kind);
  Random random(seed);
  Writer writer(*made.open(), kNone, 0);
  std::vector<uint8_t> rows = rows_of(kind, kind.vectors + kind.deferred, random);
  const size_t bytes = row_shape(kind).row_bytes();
  for (uint32_t i = 0; i < kind.twins; ++i)
    std::copy_n(rows.begin() + static_cast<std::ptrdiff_t>(i % 3 * bytes), bytes,
                rows.begin() + static_cast<std::ptrdiff_t>((10 + 2 * i) * bytes));
  const auto tick = [](size_t, size_t) {};
  const std::vector<uint32_t> slots = writer.allocate(made.blocks, kind.vectors + kind.deferred);
  writer.put(made.blocks, slots.data(), slots.size(), rows.data());
  writer.insert(made.blocks, slots.data(), kind.vectors, 0, 1, false, tick);
  writer.defer(made.blocks, slots.data() + kind.vectors, kind.deferred);
  std::vector<uint32_t> gone;
  for (uint32_t i = 0; i < kind.removed; ++i) gone.push_back(7 * i + 3);
  writer.remove(made.blocks, gone.data(), gone.size(), tick);
  writer.release(made.blocks, gone.data(), gone.size());
  made.commit(writer);
  made.nodes = kind.vectors - kind.removed;
  for (const uint32_t slot : slots)
    if (std::find(gone.begin(), gone.end(), slot) == gone.end()) made.live.push_back(slot);
  return made;
}

}  // namespace vdb::harness
