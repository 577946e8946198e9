#include "text/bit_packing.h"

#include <array>
#include <utility>

namespace vdb {
namespace {

struct Four {
  uint32_t lanes[4];
};

Four load_four(const uint8_t* at) {
  Four four;
  std::memcpy(&four, at, sizeof four);
  return four;
}

template <uint32_t Width>
void unpack_width(const uint8_t* in, uint32_t* values) {
  if constexpr (Width == 0) {
    std::memset(values, 0, kPackedBlock * sizeof *values);
  } else {
    constexpr uint32_t mask = Width == 32 ? ~uint32_t{0} : (uint32_t{1} << Width % 32) - 1;
    Four word = load_four(in);
    for (uint32_t row = 0; row < 32; ++row) {
      const uint32_t shift = row * Width % 32;
      Four four;
      for (uint32_t lane = 0; lane < 4; ++lane) four.lanes[lane] = word.lanes[lane] >> shift;
      if (shift + Width >= 32 && row < 31) {
        word = load_four(in + 16 * (row * Width / 32 + 1));
        if (shift + Width > 32)
          for (uint32_t lane = 0; lane < 4; ++lane)
            four.lanes[lane] |= word.lanes[lane] << (32 - shift);
      }
      for (uint32_t lane = 0; lane < 4; ++lane) four.lanes[lane] &= mask;
      std::memcpy(values + 4 * row, &four, sizeof four);
    }
  }
}

using Unpack = void (*)(const uint8_t*, uint32_t*);

template <size_t... Widths>
constexpr std::array<Unpack, sizeof...(Widths)> unpackers(std::index_sequence<Widths...>) {
  return {unpack_width<static_cast<uint32_t>(Widths)>...};
}

constexpr auto kUnpackers = unpackers(std::make_index_sequence<33>());

}  // namespace

void unpack_block(const uint8_t* in, uint32_t width, uint32_t* values) {
  kUnpackers[width](in, values);
}

void unpack(const uint8_t* in, size_t n, uint32_t width, uint32_t* values) {
  for (size_t i = 0; i < n; ++i) {
    uint64_t bytes;
    std::memcpy(&bytes, in + i * width / 8, sizeof bytes);
    values[i] = packed_number(bytes, i, width);
  }
}

void pack(const uint32_t* values, size_t n, uint32_t width, std::string* out) {
  uint64_t bits = 0;
  uint32_t held = 0;
  for (size_t i = 0; i < n; ++i) {
    bits |= uint64_t{values[i]} << held;
    held += width;
    for (; held >= 8; held -= 8, bits >>= 8) out->push_back(static_cast<char>(bits));
  }
  if (held > 0) out->push_back(static_cast<char>(bits));
}

void pack_block(const uint32_t* values, uint32_t width, std::string* out) {
  uint32_t words[4 * 32] = {};
  for (uint32_t i = 0; i < kPackedBlock && width > 0; ++i) {
    const uint32_t bit = i / 4 * width, word = bit / 32, shift = bit % 32, lane = i % 4;
    words[4 * word + lane] |= values[i] << shift;
    if (shift + width > 32) words[4 * (word + 1) + lane] |= values[i] >> (32 - shift);
  }
  out->append(reinterpret_cast<const char*>(words), size_t{16} * width);
}

}  // namespace vdb
