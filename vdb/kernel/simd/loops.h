// The inner loops over rows of every dtype and over texts, and the run-time choice of instruction
// set.
//
// Every loop takes rows at any address that suits one of their numbers (bits: any address). Sums of
// real numbers may be reordered by the compiler, so results differ between instruction sets in the
// last bits; on one machine the same loop gives the same bits each time. Sums of integers are exact
// up to 64,000 numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace vdb {

// One sum over a pair of rows of n numbers (packed bits: n bytes).
struct Sum {
  float (*one)(const uint8_t* from, const uint8_t* row, size_t n);
  // One row against four at once: four independent sums hide the latency of one.
  void (*four)(const uint8_t* from, const uint8_t* const rows[4], size_t n, float out[4]);
  // The same quantity in float64: for values that a user sees, and for norms.
  double (*exact)(const uint8_t* from, const uint8_t* row, size_t n);
};

// The sums over a pair of rows. Bits are numbers 0 and 1: their dot product counts the common ones,
// l2 and l1 the differing ones.
struct PairLoops {
  Sum dot;
  Sum l2;  // squared L2
  Sum l1;
};

using CodeSums = void (*)(const uint8_t* query, const uint8_t* const* rows, size_t count,
                          size_t bytes, int32_t* out);

// Sums over codes (see blocks/codes.h).
struct CodeLoops {
  // out[i] = sum of query[j] * rows[i][j], unsigned by signed bytes, exactly. `bytes` is a multiple
  // of 16, at most 32,000.
  CodeSums int8;
  // The same of signed bytes with unsigned halves of bytes: low halves of a row's bytes with the
  // first `bytes` of the query, high halves with the others.
  CodeSums int4;
};

// Loops over texts; the same result by every instruction set.
struct TextLoops {
  // Whether bytes are UTF-8, as Python's strict decoder has it.
  bool (*is_utf8)(const uint8_t* text, size_t size);
  // Writes UTF-8 as it stands between the quotes of JSON, no character beyond ASCII escaped; where
  // it ends. There must be room for 6 bytes for each one, and for kEscapeRoom more.
  uint8_t* (*escape)(const uint8_t* text, size_t size, uint8_t* out);
};
constexpr size_t kEscapeRoom = 96;

struct Loops {
  const char* name;         // "avx512vnni", "avx512", "avx2", "neon", "portable"
  PairLoops float32;        // float32 with float32
  PairLoops float16;        // float16 with float16
  PairLoops float16_query;  // float32 with float16
  PairLoops int8;
  PairLoops bit;
  CodeLoops codes;
  TextLoops texts;
};

const Loops& loops();                         // the best that this processor runs
std::vector<const Loops*> available_loops();  // all that it runs, best first; for tests
void use_loops(const std::string& name);      // "" for the best; throws std::invalid_argument

extern const Loops kPortableLoops;
#if defined(VDB_X86)
extern const Loops kAvx2Loops;
extern const Loops kAvx512Loops;
#if !defined(_MSC_VER)
extern const Loops kAvx512VnniLoops;
extern const uint8_t kOne;  // 1, for a loop that must not know it
#endif
#endif

}  // namespace vdb
