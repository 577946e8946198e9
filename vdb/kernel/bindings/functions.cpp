#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "bindings/arrays.h"
#include "bindings/bind.h"
#include "bindings/gil.h"
#include "blocks/crc32c.h"
#include "graph/builder.h"
#include "search/filter_set.h"
#include "simd/loops.h"
#include "simd/ordered_dot.h"

namespace vdb::bindings {

using namespace nb::literals;

namespace {

Output<double, 2> distances(const Rows& a, const Rows& b, const std::string& dtype) {
  const DType stored = dtype_named(dtype);
  const bool mixed = stored == DType::kFloat16 && a.dtype() == nb::dtype<float>();
  check_type(a, mixed ? DType::kFloat32 : stored, "a");
  check_rows(b, stored, a.shape(1), "b");
  if (a.shape(0) != b.shape(0)) throw std::invalid_argument("b: as many rows as a");
  const auto dim = static_cast<uint32_t>(a.shape(1) * (stored == DType::kBit ? 8 : 1));
  const RowShape shape{stored, dim};
  const PairLoops& pair = mixed ? shape.query_with_row() : shape.rows();
  double* out;
  auto array = make_array<double, 2>({a.shape(0), 9}, &out);
  for (size_t i = 0; i < a.shape(0); ++i) {
    const uint8_t* x = bytes_of(a) + i * (mixed ? shape.query_bytes() : shape.row_bytes());
    const uint8_t* y = bytes_of(b) + i * shape.row_bytes();
    // The row in each of the four places in turn, among others.
    const uint8_t* rows[4];
    for (size_t j = 0; j < 4; ++j) rows[j] = bytes_of(b) + (i + j) % b.shape(0) * shape.row_bytes();
    rows[i % 4] = y;
    for (const Sum* sum : {&pair.dot, &pair.l2, &pair.l1}) {
      float four[4];
      sum->four(x, rows, shape.length(), four);
      out[0] = sum->one(x, y, shape.length());
      out[3] = four[i % 4];
      out[6] = sum->exact(x, y, shape.length());
      ++out;
    }
    out += 6;
  }
  return array;
}

using Floats = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

// The value of an enumeration whose names are listed in its order.
template <typename Enum>
Enum chosen(const std::string& word, std::initializer_list<const char*> words, const char* name) {
  const auto found = std::find(words.begin(), words.end(), word);
  if (found == words.end()) throw std::invalid_argument(std::string(name) + ": no such word");
  return static_cast<Enum>(found - words.begin());
}

Output<float, 1> ordered_dots(const Floats& a, const Floats& b, uint32_t lanes, uint32_t registers,
                              uint32_t rounds, bool fused, const std::string& fold,
                              const std::string& gather, const std::string& blocks,
                              const std::string& rest, bool narrow_fused, bool rest_fused,
                              bool fours_apart) {
  const SumOrder order{
      lanes,
      registers,
      rounds,
      fused,
      chosen<SumOrder::Fold>(fold, {"halves", "neighbours", "quarters", "sequence"}, "fold"),
      chosen<SumOrder::Gather>(
          gather, {"sequence", "neighbours", "folded", "chunks", "turns", "scalars"}, "gather"),
      chosen<SumOrder::Blocks>(blocks, {"first", "gathered", "none"}, "blocks"),
      chosen<SumOrder::Rest>(rest, {"after", "apart", "in lanes", "narrower"}, "rest"),
      narrow_fused,
      rest_fused,
      fours_apart};
  if (!order.valid())
    throw std::invalid_argument("lanes, registers: powers of two to 16 and 32; rounds: 1 to 8");
  if (a.shape(1) != b.shape(1)) throw std::invalid_argument("b: rows as long as those of a");
  if (a.shape(0) != b.shape(0)) throw std::invalid_argument("b: as many rows as a");
  const size_t rows = a.shape(0), length = a.shape(1);
  float* out;
  auto array = make_array<float, 1>({rows}, &out);
  const nb::gil_scoped_release release;
  for (size_t i = 0; i < rows; ++i) {
    out[i] = ordered_dot(a.data() + i * length, b.data() + i * length, length, order);
  }
  return array;
}

using Places = nb::ndarray<const int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Mask = nb::ndarray<uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

void postings_to_mask(const Mask& mask, const Slots& slots, const Places& starts,
                      const Places& ends) {
  if (starts.shape(0) != ends.shape(0)) throw std::invalid_argument("ends: one for each start");
  vdb::postings_to_mask(reinterpret_cast<const uint8_t*>(slots.data()), slots.shape(0),
                        starts.data(), ends.data(), starts.shape(0), mask.data(), mask.shape(0));
}

size_t postings_to_bits(const Mask& bits, const Slots& slots, const Places& starts,
                        const Places& ends, size_t size) {
  if (starts.shape(0) != ends.shape(0)) throw std::invalid_argument("ends: one for each start");
  if (bits.shape(0) != (size + 7) / 8) throw std::invalid_argument("bits: one for each slot");
  return vdb::postings_to_bits(reinterpret_cast<const uint8_t*>(slots.data()), slots.shape(0),
                               starts.data(), ends.data(), starts.shape(0), bits.data(), size);
}

}  // namespace

void bind_functions(nb::module_& m) {
  m.attr("NONE") = kNone;
  m.def("sub_batch_size", &Builder::sub_batch_size, "nodes"_a,
        "How many vectors are linked at once into a graph of so many.");
  m.def("level_limit", &Graph::level_limit, "M"_a,
        "How many levels (level 0 included) a graph with this M can have: one link table each.");
  m.def("link_row_size", &Graph::row_size, "M"_a, "level"_a, "Bytes of a row of links on a level.");
  m.def(
      "crc32c",
      [](nb::object data, uint32_t value, bool portable) {
        Py_buffer buffer;
        if (PyObject_GetBuffer(data.ptr(), &buffer, PyBUF_SIMPLE) != 0) throw nb::python_error();
        const auto size = static_cast<size_t>(buffer.len);
        const uint32_t result =
            portable ? crc32c_portable(buffer.buf, size, value) : crc32c(buffer.buf, size, value);
        PyBuffer_Release(&buffer);
        return result;
      },
      "data"_a, "value"_a = 0, nb::kw_only(), "portable"_a = false,
      "CRC-32C of a buffer, continued from `value`.");
  m.def(
      "instruction_sets",
      [] {
        std::vector<std::string> names;
        for (const auto* loops : available_loops()) names.emplace_back(loops->name);
        return names;
      },
      "Those that this processor runs, best first.");
  m.def("instruction_set", [] { return std::string(loops().name); }, "The one in use.");
  m.def("use_instruction_set", &use_loops, "name"_a,
        "Chooses one for the whole process, '' for the best. For tests and measurements.");
  m.def("postings_to_mask", &postings_to_mask, "mask"_a, "slots"_a, "starts"_a, "ends"_a,
        nb::call_guard<Unlocked>(),
        "Sets mask[slots[starts[i]:ends[i]]] to 1 for each i; CorruptedError for a slot beyond the "
        "mask.");
  m.def(
      "postings_to_bits", &postings_to_bits, "bits"_a, "slots"_a, "starts"_a, "ends"_a, "size"_a,
      nb::call_guard<Unlocked>(),
      "Sets the bits (of `size` slots, bit s mod 8 of byte s div 8, all clear) of "
      "slots[starts[i]:ends[i]] for each i; how many were set. CorruptedError for a slot beyond.");
  m.def("ordered_dots", &ordered_dots, "a"_a, "b"_a, nb::kw_only(), "lanes"_a, "registers"_a,
        "rounds"_a, "fused"_a, "fold"_a, "gather"_a, "blocks"_a, "rest"_a, "narrow_fused"_a,
        "rest_fused"_a, "fours_apart"_a,
        "Inner products of float32 rows (n, dim) of a and b, (n,), added up in the order given; "
        "simd/ordered_dot.h says what the words mean.");
  m.def("distances", &distances, "a"_a, "b"_a, nb::kw_only(), "dtype"_a,
        "(n, 9): dot, squared L2 and L1 of each row of a (as queries have them) with the row of b "
        "at its place, from the loops for one row, for four, and in float64; for tests.");
}

}  // namespace vdb::bindings
