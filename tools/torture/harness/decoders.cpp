// What reads bytes without a graph around them, as a target for libFuzzer. Inputs lie in buffers of
// exactly their size.

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <vector>

#include "blocks.h"
#include "blocks/codes.h"
#include "blocks/crc32c.h"
#include "blocks/msgpack.h"
#include "blocks/records.h"
#include "distance/code_distance.h"
#include "input.h"
#include "runtime/errors.h"
#include "runtime/float_mode.h"
#include "search/filter_set.h"

namespace vdb::harness {
namespace {

void expect(bool good) {
  if (!good) std::abort();
}

std::unique_ptr<uint8_t[]> exactly(const uint8_t* data, size_t size) {
  std::unique_ptr<uint8_t[]> copy(new uint8_t[size]);
  if (size > 0) std::memcpy(copy.get(), data, size);
  return copy;
}

// As many bytes as are wanted: what the input has, then zeros.
std::unique_ptr<uint8_t[]> taken(Input& in, size_t size) {
  std::unique_ptr<uint8_t[]> bytes(new uint8_t[size]);
  for (size_t i = 0; i < size; ++i) bytes[i] = in.byte();
  return bytes;
}

void record(const uint8_t* data, size_t size) {
  const auto body = exactly(data, size);
  for (const Msgpack kind : {Msgpack::kRecord, Msgpack::kPayload}) {
    const bool sound = msgpack_fault(body.get(), size, kDeepestMsgpack, kind) == nullptr;
    // One byte less is another value, or none.
    if (sound && size > 0) expect(msgpack_fault(body.get(), size - 1, kDeepestMsgpack, kind));
  }
  RecordId id;
  if (!read_id(body.get(), size, &id)) return;
  expect(id.end <= size);
  if (id.text) expect(id.data + id.length == reinterpret_cast<const char*>(body.get()) + id.end);
}

void marks(Input& in) {
  const uint32_t count = in.below(40), ranges = in.below(10), marked = 1 + in.below(60);
  const size_t before = in.below(4);  // bytes: a leaf's slots lie anywhere
  const std::unique_ptr<uint8_t[]> bytes(new uint8_t[before + count * sizeof(uint32_t)]);
  uint8_t* const slots = bytes.get() + before;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t slot = in.below(8) == 0 ? in.word() : in.below(64);
    std::memcpy(slots + i * sizeof slot, &slot, sizeof slot);
  }
  const std::unique_ptr<int64_t[]> starts(new int64_t[ranges]), ends(new int64_t[ranges]);
  for (uint32_t i = 0; i < ranges; ++i) {
    starts[i] = static_cast<int32_t>(in.below(4) == 0 ? in.word() : in.below(40));
    ends[i] = static_cast<int32_t>(in.below(4) == 0 ? in.word() : in.below(41));
  }
  const std::unique_ptr<uint8_t[]> out(new uint8_t[marked]());
  try {
    postings_to_mask(slots, count, starts.get(), ends.get(), ranges, out.get(), marked);
  } catch (const Corrupted&) {
  } catch (const std::out_of_range&) {
  }
}

void block(Input& in) {
  BlockShape shape;
  shape.prefix = "b";
  shape.salt = kSalt;
  shape.kind = static_cast<uint8_t>(in.byte());
  shape.level = in.byte();
  shape.block_size = in.below(4) == 0 ? in.word() % 100000 : 16 * (3 + in.below(40));
  shape.row_size = in.below(4) == 0 ? in.word() % 100000 : 4 * in.below(40);
  shape.span = in.byte();
  try {
    BlockTable table(shape, in.below(200));
    size_t size;
    const uint8_t* const rest = in.rest(&size);
    Buffer buffer(rest, size);
    if (size >= kHeaderSize && size % 2 == 0) reseal(&buffer);
    Blocks blocks;
    for (uint32_t n = 0; n < table.blocks(); ++n)
      blocks.put(table.key(n), buffer.bytes.get(), buffer.size);
    for (uint32_t n = 0; n < table.blocks(); ++n) {
      try {
        table.block(n, blocks);
      } catch (const Corrupted&) {
      }
    }
  } catch (const std::invalid_argument&) {
  }
}

// Codes of any row, and their distances, on every instruction set.
void codes(Input& in) {
  const DType dtype = in.below(2) == 0 ? DType::kFloat32 : DType::kFloat16;
  const RowShape vector{dtype, 1 + in.below(70)};
  const CodeShape shape{in.below(2) == 0 ? CodeKind::kInt8 : CodeKind::kInt4, vector.dim,
                        in.below(2) == 0};
  const auto numbers = taken(in, vector.row_bytes());
  const std::unique_ptr<uint8_t[]> row(new uint8_t[shape.row_bytes()]);
  encode(shape, vector, numbers.get(), row.get());
  const auto other = taken(in, shape.row_bytes());
  const uint8_t* const rows[4] = {row.get(), other.get(), row.get(), other.get()};
  CodeQuery query;
  query.set(shape, other.get());
  std::vector<int32_t> first;
  for (const Loops* loops : available_loops()) {
    use_loops(loops->name);
    int32_t sums[4];
    const auto& kind = loops->codes;
    (shape.kind == CodeKind::kInt4 ? kind.int4 : kind.int8)(query.bytes, rows, 4,
                                                            shape.code_bytes(), sums);
    if (first.empty()) first.assign(sums, sums + 4);
    expect(std::equal(sums, sums + 4, first.begin()));
  }
  use_loops("");
  for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine})
    for (const CodeDistance distance :
         {CodeDistance::search(metric), CodeDistance::build(metric)}) {
      float out[4];
      distance.of(query, rows, first.data(), 4, out);
      for (const float one : out) expect(one == one);
    }
}

// Sums of rows of every dtype and length, in buffers of exactly their size; integers exactly.
void distances(Input& in) {
  const auto dtype = static_cast<DType>(in.below(4));
  const RowShape shape{dtype, (1 + in.below(150)) * (dtype == DType::kBit ? 8 : 1)};
  const auto from = taken(in, shape.row_bytes()), query = taken(in, shape.query_bytes());
  std::unique_ptr<uint8_t[]> kept[4];
  const uint8_t* rows[4];
  for (int i = 0; i < 4; ++i) rows[i] = (kept[i] = taken(in, shape.row_bytes())).get();
  const bool whole = dtype == DType::kInt8 || dtype == DType::kBit;
  std::vector<float> first;
  for (const Loops* loops : available_loops()) {
    use_loops(loops->name);
    std::vector<float> found;
    for (const PairLoops* pair : {&shape.rows(), &shape.query_with_row()})
      for (const Sum* sum : {&pair->dot, &pair->l2, &pair->l1}) {
        const uint8_t* const of = pair == &shape.rows() ? from.get() : query.get();
        float out[4];
        sum->four(of, rows, shape.length(), out);
        found.insert(found.end(), out, out + 4);
        found.push_back(sum->one(of, rows[0], shape.length()));
        sum->exact(of, rows[0], shape.length());
      }
    if (first.empty()) first = found;
    if (whole) expect(first == found);
  }
  use_loops("");
}

void bits(Input& in) {
  const uint32_t slots = 1 + in.below(300);
  const auto set = taken(in, (slots + 7) / 8);
  uint32_t count = 0;
  for (uint32_t slot = 0; slot < slots; ++slot) count += set[slot / 8] >> slot % 8 & 1;
  try {
    const FilterSet filter(set.get(), slots, count);
    expect(filter.slots().size() == count);
    for (const uint32_t slot : filter.slots()) expect(slot < slots && filter.has(slot));
    for (const uint32_t slot : filter.sample(1 + in.below(40))) expect(filter.has(slot));
  } catch (const Corrupted&) {
  }
}

}  // namespace
}  // namespace vdb::harness

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vdb;
  if (size == 0) return 0;
  const FlushDenormals guard;
  harness::Input in(data + 1, size - 1);
  switch (data[0] % 7) {
    case 0:
      harness::record(data + 1, size - 1);
      break;
    case 1:
      harness::marks(in);
      break;
    case 2:
      harness::block(in);
      break;
    case 3:
      harness::codes(in);
      break;
    case 4:
      harness::distances(in);
      break;
    case 5:
      harness::bits(in);
      break;
    default:
      harness::expect(crc32c(data, size) == crc32c_portable(data, size));
  }
  return 0;
}
