#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "bindings/arrays.h"
#include "bindings/bind.h"
#include "bindings/python_source.h"

namespace vdb::bindings {

using namespace nb::literals;

namespace {

using Values = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

// Several lists of slots as one, and how long each of them is.
std::tuple<Output<uint32_t, 1>, Output<uint32_t, 1>> flattened(
    const std::vector<std::vector<uint32_t>>& lists) {
  std::vector<uint32_t> all, sizes;
  for (const std::vector<uint32_t>& list : lists) {
    all.insert(all.end(), list.begin(), list.end());
    sizes.push_back(static_cast<uint32_t>(list.size()));
  }
  return std::make_tuple(slot_array(all), slot_array(sizes));
}

}  // namespace

void bind_ties(nb::class_<Index>& index) {
  index
      .def(
          "search_nodes",
          [](const Index& index, nb::object fetch, const Rows& queries, uint32_t k, uint32_t ef,
             uint32_t threads) {
            check_queries(queries, index.state().shape);
            PythonSource source(fetch);
            k = std::min(k, index.state().slots);
            const auto answers = source.run([&] {
              return index.search(source, bytes_of(queries),
                                  static_cast<uint32_t>(queries.shape(0)), k, ef, threads, nullptr,
                                  Copies::kLeftOut);
            });
            return answer_arrays(answers, k);
          },
          "fetch"_a, "queries"_a, "k"_a, "ef"_a, "threads"_a = 1,
          "As search, but of vectors that are equal number for number only the node that stands "
          "for them.")
      .def(
          "search_nodes_among",
          [](const Index& index, nb::object fetch, const Rows& queries, const Bits& bits,
             size_t count, uint32_t k, uint32_t ef, uint32_t threads) {
            check_queries(queries, index.state().shape);
            const Allowed allowed = allowed_of(index, bits, count);
            PythonSource source(fetch);
            const auto rows = static_cast<uint32_t>(queries.shape(0));
            k = static_cast<uint32_t>(std::min<size_t>(k, count));
            std::vector<uint64_t> compared(rows);
            uint8_t* switched;
            auto switched_out = make_array<uint8_t, 1>({rows}, &switched);
            const auto answers = source.run([&] {
              return index.search_among(source, bytes_of(queries), rows, allowed, k, ef, threads,
                                        compared.data(), switched, Copies::kLeftOut);
            });
            return std::tuple_cat(answer_arrays(answers, k), std::make_tuple(switched_out));
          },
          "fetch"_a, "queries"_a, "bits"_a, "count"_a, "k"_a, "ef"_a, "threads"_a = 1,
          "The same among the slots whose bits are set, `count` of them: nodes that stand for one "
          "at least; and switched u8 (n,): for which queries the walk did not do and nothing was "
          "looked for.")
      .def(
          "copies",
          [](const Index& index, nb::object fetch, const Slots& nodes, uint32_t most) {
            PythonSource source(fetch);
            return flattened(
                source.run([&] { return index.copies(source, to_vector(nodes), most); }));
          },
          "fetch"_a, "nodes"_a, "most"_a,
          "(slots u32, sizes u32 (n,)): each node, and behind it those it stands for, `most` "
          "together.")
      .def(
          "ties",
          [](const Index& index, nb::object fetch, const Rows& queries, const Values& values,
             const std::optional<Bits>& bits, size_t count, uint32_t threads) {
            check_queries(queries, index.state().shape);
            if (values.shape(0) != queries.shape(0))
              throw std::invalid_argument("values: one for each query");
            std::optional<Allowed> allowed;
            if (bits) allowed.emplace(allowed_of(index, *bits, count));
            PythonSource source(fetch);
            return flattened(source.run([&] {
              return index.ties(source, bytes_of(queries), values.data(),
                                static_cast<uint32_t>(queries.shape(0)),
                                allowed ? &*allowed : nullptr, threads);
            }));
          },
          "fetch"_a, "queries"_a, "values"_a, "bits"_a.none() = nb::none(), "count"_a = 0,
          "threads"_a = 1,
          "(slots u32, sizes u32 (n,)): for each query the slots whose value is exactly values[i], "
          "rising, by looking at every one; with `bits`, at those that are set.");
}

}  // namespace vdb::bindings
